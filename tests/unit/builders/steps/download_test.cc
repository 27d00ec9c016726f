#include "builders/steps/download.h"

#include <atomic>

#include "common/io/digests.h"
#include "common/net/http/server.h"
#include "common/net/http/static_files.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::steps {
namespace {

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

}  // namespace
}  // namespace farm::builders::steps
