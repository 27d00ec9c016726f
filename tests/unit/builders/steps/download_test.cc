#include "builders/steps/download.h"

#include <atomic>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

#include "builders/steps/download_cache.h"
#include "common/io/digests.h"
#include "common/net/http/server.h"
#include "common/net/http/static_files.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::steps {
namespace {

struct RecordingUiOfOther {
  testing::RecordingUi ui;
  SeededRandom random{9};
};

class DownloadTest : public testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    ASSERT_TRUE(io::make_directories(root_ + "/www"));
    ASSERT_TRUE(io::write_file(root_ + "/www/disk.iso", kContent));
    auto server = net::HttpServer::start({}, [this](net::ServedRequest& request) {
      ++requests_;
      if (const std::string* range = request.header("Range")) range_ = *range;
      return net::serve_directory(root_ + "/www", request);
    });
    ASSERT_TRUE(server);
    server_.emplace(std::move(*server));
    base_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  Result<void> download(const std::vector<std::string>& urls, const std::string& checksum) {
    IsoOptions options;
    options.urls = urls;
    options.checksum = checksum;
    return Download(options, "ISO", path_).run(context_);
  }
  const std::string kContent = std::string(100'000, 'i') + "so";
  const std::string kSum = io::digest_hex(io::DigestKind::Sha256, kContent);
  std::optional<net::HttpServer> server_;
  std::string base_;
  std::string path_;
  std::string range_;
  std::atomic<int> requests_{0};
};

TEST_F(DownloadTest, CachesUnderTheDigestOfTheChecksum) {
  const std::string checksum = "sha256:" + kSum;
  ASSERT_TRUE(download({base_ + "/disk.iso"}, checksum));
  EXPECT_EQ(path_, root_ + "/cache/" + io::digest_hex(io::DigestKind::Sha1, checksum) + ".iso");
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
  EXPECT_TRUE(ui_.said("Retrieving ISO"));
  EXPECT_TRUE(ui_.said(base_ + "/disk.iso => " + path_));
  const int before = requests_;
  ASSERT_TRUE(download({base_ + "/disk.iso"}, checksum));
  EXPECT_EQ(requests_, before) << "the cached file was fetched again";
}

TEST_F(DownloadTest, WithoutChecksumTheUrlNamesTheFile) {
  ASSERT_TRUE(download({base_ + "/disk.iso"}, "none"));
  EXPECT_EQ(io::base_name(path_),
            io::digest_hex(io::DigestKind::Sha1, base_ + "/disk.iso") + ".iso");
}

TEST_F(DownloadTest, ResumesWhatAnEarlierTryLeft) {
  const std::string checksum = "sha256:" + kSum;
  const std::string target =
      root_ + "/cache/" + io::digest_hex(io::DigestKind::Sha1, checksum) + ".iso";
  ASSERT_TRUE(io::write_file(target + ".part", kContent.substr(0, 60'000)));
  ASSERT_TRUE(download({base_ + "/disk.iso"}, checksum));
  EXPECT_EQ(range_, "bytes=60000-");
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
}

TEST_F(DownloadTest, StartsAnewWhenTheRemainsWereBad) {
  const std::string checksum = "sha256:" + kSum;
  const std::string target =
      root_ + "/cache/" + io::digest_hex(io::DigestKind::Sha1, checksum) + ".iso";
  ASSERT_TRUE(io::write_file(target + ".part", "garbage"));
  ASSERT_TRUE(download({base_ + "/disk.iso"}, checksum));
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
}

TEST_F(DownloadTest, ReplacesACachedFileThatDoesNotMatch) {
  const std::string checksum = "sha256:" + kSum;
  const std::string target =
      root_ + "/cache/" + io::digest_hex(io::DigestKind::Sha1, checksum) + ".iso";
  ASSERT_TRUE(io::write_file(target, "damaged"));
  ASSERT_TRUE(download({base_ + "/disk.iso"}, checksum));
  EXPECT_TRUE(ui_.said("Checksum did not match, removing " + target));
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
}

TEST_F(DownloadTest, TriesUrlsInOrderAndReadsChecksumFiles) {
  ASSERT_TRUE(io::write_file(root_ + "/www/SUMS", kSum + "  disk.iso\n"));
  ASSERT_TRUE(download({base_ + "/absent.iso", base_ + "/disk.iso"},
                       "file:" + base_ + "/SUMS"));
  EXPECT_TRUE(ui_.said("Download failed no checksum for absent.iso in the checksum file"));
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
}

TEST_F(DownloadTest, AllFailuresAreInTheError) {
  const auto done = download({base_ + "/a.iso", root_ + "/b.iso"}, "none");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "error downloading ISO: [bad response code: 404 " + root_ +
                                      "/b.iso does not exist]");
}

TEST_F(DownloadTest, WrongDigestLeavesNothing) {
  const auto done = download({base_ + "/disk.iso"}, "md5:" + std::string(32, '0'));
  ASSERT_FALSE(done);
  for (const std::string& file : io::list_files(root_ + "/cache").value_or({})) {
    EXPECT_TRUE(file.ends_with(".lock")) << file;
  }
}

TEST_F(DownloadTest, LocalFilesAreUsedInPlaceAndNeverRemoved) {
  ASSERT_TRUE(io::write_file(root_ + "/work/my.iso", kContent));
  ASSERT_TRUE(download({"my.iso"}, kSum));
  EXPECT_EQ(path_, root_ + "/work/my.iso");
  ASSERT_FALSE(download({"file://" + root_ + "/work/my.iso"}, std::string(64, '0')));
  EXPECT_TRUE(io::exists(root_ + "/work/my.iso"));
}

// A server that breaks every connection after so many bytes.
class Breaking {
 public:
  Breaking(std::string content, size_t each, bool ranges)
      : content_(std::move(content)), each_(each), ranges_(ranges) {
    listener_ = *net::listen_tcp("127.0.0.1", 0);
    port = net::bound_port(listener_.get());
    thread_ = std::thread([this] { loop(); });
  }
  Breaking(const Breaking&) = delete;
  Breaking& operator=(const Breaking&) = delete;
  ~Breaking() {
    stop_.cancel();
    thread_.join();
  }
  uint16_t port = 0;
  std::atomic<int> answers{0};

 private:
  void loop() {
    while (io::wait_ready(listener_.get(), POLLIN, io::steady_now() + std::chrono::hours(1),
                          stop_) == io::Readiness::Ready) {
      const io::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) continue;
      char request[4096] = {};
      if (::recv(client.get(), request, sizeof request - 1, 0) <= 0) continue;
      ++answers;
      size_t from = 0;
      if (const char* range = std::strstr(request, "Range: bytes="); range && ranges_) {
        from = std::strtoul(range + 13, nullptr, 10);
      }
      std::string answer = from > 0 ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n";
      if (from > 0) {
        answer += "Content-Range: bytes " + std::to_string(from) + "-" +
                  std::to_string(content_.size() - 1) + "/" + std::to_string(content_.size()) +
                  "\r\n";
      }
      answer += "Content-Length: " + std::to_string(content_.size() - from) + "\r\n\r\n";
      answer += content_.substr(from, each_);
      ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }
  std::string content_;
  size_t each_;
  bool ranges_;
  io::Fd listener_;
  CancelToken stop_;
  std::thread thread_;
};

TEST_F(DownloadTest, GoesOnWhenTheConnectionBreaks) {
  Breaking server(kContent, 40'000, true);
  ASSERT_TRUE(download({"http://127.0.0.1:" + std::to_string(server.port) + "/disk.iso"}, kSum));
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
  EXPECT_EQ(server.answers, 3);
  EXPECT_TRUE(ui_.said("Download interrupted after 40000 bytes"));
}

TEST_F(DownloadTest, GivesUpWhenNothingNewComes) {
  Breaking server(kContent, 40'000, false);
  const auto done =
      download({"http://127.0.0.1:" + std::to_string(server.port) + "/disk.iso"}, kSum);
  ASSERT_FALSE(done);
  EXPECT_LE(server.answers, 5);
}

// Anonymous FTP, passive mode, one file: RFC 959 as far as a download goes.
class FtpServer {
 public:
  explicit FtpServer(std::string content) : content_(std::move(content)) {
    listener_ = *net::listen_tcp("127.0.0.1", 0);
    port = net::bound_port(listener_.get());
    thread_ = std::thread([this] { loop(); });
  }
  FtpServer(const FtpServer&) = delete;
  FtpServer& operator=(const FtpServer&) = delete;
  ~FtpServer() {
    stop_.cancel();
    thread_.join();
  }
  uint16_t port = 0;
  std::atomic<uint64_t> restarted_at{0};

 private:
  void loop() {
    while (io::wait_ready(listener_.get(), POLLIN, io::steady_now() + std::chrono::hours(1),
                          stop_) == io::Readiness::Ready) {
      const io::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.valid()) serve(client.get());
    }
  }
  void serve(int client) {
    const auto say = [&](const std::string& text) {
      ::send(client, (text + "\r\n").data(), text.size() + 2, MSG_NOSIGNAL);
    };
    io::Fd data;
    uint64_t offset = 0;
    say("220 ready");
    std::string input;
    char buffer[1024];
    while (io::wait_ready(client, POLLIN, io::steady_now() + std::chrono::seconds(20), stop_) ==
           io::Readiness::Ready) {
      const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      input.append(buffer, static_cast<size_t>(got));
      for (size_t end = input.find("\r\n"); end != std::string::npos; end = input.find("\r\n")) {
        const std::string line = input.substr(0, end);
        input.erase(0, end + 2);
        if (line.starts_with("USER")) say("331 password");
        else if (line.starts_with("PASS")) say("230 in");
        else if (line.starts_with("PWD")) say("257 \"/\"");
        else if (line.starts_with("EPSV")) {
          data = *net::listen_tcp("127.0.0.1", 0);
          say("229 passive (|||" + std::to_string(net::bound_port(data.get())) + "|)");
        } else if (line.starts_with("SIZE")) say("213 " + std::to_string(content_.size()));
        else if (line.starts_with("REST")) {
          offset = std::strtoull(line.c_str() + 5, nullptr, 10);
          restarted_at = offset;
          say("350 from there");
        } else if (line == "RETR disk.iso") {
          const io::Fd pipe(::accept4(data.get(), nullptr, nullptr, SOCK_CLOEXEC));
          say("150 here it comes");
          const std::string rest = content_.substr(offset);
          ::send(pipe.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
          ::shutdown(pipe.get(), SHUT_RDWR);
          say("226 done");
        } else if (line.starts_with("RETR")) say("550 no such file");
        else if (line.starts_with("QUIT")) return say("221 bye");
        else say("200 ok");
      }
    }
  }
  std::string content_;
  io::Fd listener_;
  CancelToken stop_;
  std::thread thread_;
};

TEST_F(DownloadTest, FetchesByFtpAndGoesOnThere) {
  FtpServer server(kContent);
  const std::string base = "ftp://127.0.0.1:" + std::to_string(server.port);
  const auto done = download({base + "/absent.iso", base + "/disk.iso"}, kSum);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
  ASSERT_TRUE(io::remove_file(path_));
  ASSERT_TRUE(io::write_file(path_ + ".part", kContent.substr(0, 60'000)));
  ASSERT_TRUE(download({base + "/disk.iso"}, kSum));
  EXPECT_EQ(server.restarted_at, 60'000U);
  EXPECT_EQ(io::read_file(path_).value_or(""), kContent);
}

TEST_F(DownloadTest, TwoBuildsFetchOnce) {
  std::thread other([this] {
    RecordingUiOfOther ui;
    IsoOptions options;
    options.urls = {base_ + "/disk.iso"};
    options.checksum = kSum;
    std::string path;
    BuildContext context{ui.ui, ledger_, clock_, ui.random, environment_, cancel_, render_};
    context.working_directory = root_ + "/work";
    context.cache_directory = root_ + "/cache";
    EXPECT_TRUE(Download(options, "ISO", path).run(context));
  });
  EXPECT_TRUE(download({base_ + "/disk.iso"}, kSum));
  other.join();
  EXPECT_EQ(requests_, 1);
}

TEST_F(DownloadTest, TheCacheHasALimit) {
  environment_.set("FARM_CACHE_LIMIT", "150K");
  std::vector<std::string> urls;
  std::vector<std::string> sums;
  for (int i = 0; i < 3; ++i) {
    const std::string content = std::string(100'000, static_cast<char>('a' + i));
    ASSERT_TRUE(io::write_file(root_ + "/www/" + std::to_string(i) + ".iso", content));
    urls.push_back(base_ + "/" + std::to_string(i) + ".iso");
    sums.push_back(io::digest_hex(io::DigestKind::Sha256, content));
  }
  IsoOptions options;
  options.urls = {urls[0]};
  options.checksum = sums[0];
  std::string held;
  Download first(options, "ISO", held);
  ASSERT_TRUE(first.run(context_));  // in use until its cleanup
  ASSERT_TRUE(download({urls[1]}, sums[1]));
  const std::string second = path_;
  EXPECT_TRUE(io::exists(held));
  EXPECT_TRUE(io::exists(second));
  ASSERT_TRUE(download({urls[2]}, sums[2]));
  EXPECT_TRUE(io::exists(held)) << "a file in use was evicted";
  EXPECT_FALSE(io::exists(second));
  EXPECT_TRUE(io::exists(path_));
  ASSERT_TRUE(first.cleanup(context_));
  ASSERT_TRUE(download({urls[1]}, sums[1]));
  EXPECT_FALSE(io::exists(held));
}

TEST(CacheLimit, SizesAndNonsense) {
  struct Case {
    const char* text;
    std::optional<uint64_t> limit;
  };
  for (const Case& c : {Case{"", {}}, Case{"1000", 1000}, Case{"3K", 3072}, Case{"2G", 2ULL << 30}}) {
    SCOPED_TRACE(c.text);
    Environment environment = Environment::of_process();
    environment.set("FARM_CACHE_LIMIT", c.text);
    const auto limit = cache_limit(environment);
    ASSERT_TRUE(limit);
    EXPECT_EQ(*limit, c.limit);
  }
  for (const char* text : {"x", "1Q", "1GB", "-1", "G"}) {
    SCOPED_TRACE(text);
    Environment environment = Environment::of_process();
    environment.set("FARM_CACHE_LIMIT", text);
    EXPECT_FALSE(cache_limit(environment));
  }
}

}  // namespace
}  // namespace farm::builders::steps
