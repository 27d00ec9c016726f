#include <sys/stat.h>

#include <filesystem>

#include "common/base/random.h"
#include "tests/unit/builders/communicators/ssh/fixture.h"

namespace farm::builders::ssh {
namespace {

std::string random_bytes(size_t size) {
  SeededRandom random(size + 1);
  std::string bytes(size, '\0');
  random.fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

uint32_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

/// Every test runs by both protocols.
class Transfer : public SshTest, public ::testing::WithParamInterface<TransferMethod> {
 protected:
  void SetUp() override {
    SshTest::SetUp();
    options.transfer_method = GetParam();
    auto made = connect();
    ASSERT_TRUE(made) << made.error().message;
    communicator = std::move(*made);
    here = server->directory() + "/here";
    there = server->directory() + "/there";
    ASSERT_TRUE(io::make_directories(here));
    ASSERT_TRUE(io::make_directories(there));
  }
  static void expect_same(const std::string& path, const std::string& bytes) {
    const auto got = io::read_file(path, 1U << 30);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(*got == bytes) << path << ": " << got->size() << " bytes";
  }
  std::unique_ptr<Communicator> communicator;
  std::string here;
  std::string there;
};

INSTANTIATE_TEST_SUITE_P(Methods, Transfer,
                         ::testing::Values(TransferMethod::Scp, TransferMethod::Sftp),
                         [](const auto& chosen) {
                           return chosen.param == TransferMethod::Scp ? "Scp" : "Sftp";
                         });

TEST_P(Transfer, CarriesSixtyFourMegabytesBothWays) {
  const std::string bytes = random_bytes(64U << 20);
  ASSERT_TRUE(io::write_file(here + "/big", bytes));
  uint64_t last = 0;
  const auto sent = communicator->upload(
      here + "/big", there + "/big", 0640, [&](uint64_t done, uint64_t) { last = done; }, cancel);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(last, bytes.size());
  expect_same(there + "/big", bytes);
  EXPECT_EQ(mode_of(there + "/big"), 0640U);
  const auto got = communicator->download(there + "/big", here + "/back", {}, cancel);
  ASSERT_TRUE(got) << got.error().message;
  expect_same(here + "/back", bytes);
  EXPECT_EQ(mode_of(here + "/back"), 0640U);
}

TEST_P(Transfer, CarriesSmallSizesAndOddNames) {
  const struct {
    const char* name;
    size_t size;
  } cases[] = {{"empty", 0},         {"one", 1},
               {"with space", 1000}, {"gr\xc3\xbc\xc3\x9f", 29999},
               {"-dash", 30001},     {"quote'\"$(x)`;&", 65536},
               {"back\\slash", 5},   {"C0644 5 x", 2097153}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string bytes = random_bytes(c.size);
    // A dollar sign followed by a name would be the shell's business.
    const auto sent = communicator->upload_bytes(bytes, there + "/" + c.name, 0600, cancel);
    ASSERT_TRUE(sent) << sent.error().message;
    expect_same(there + "/" + c.name, bytes);
    const auto got = communicator->download(there + "/" + c.name, here + "/x", {}, cancel);
    ASSERT_TRUE(got) << got.error().message;
    expect_same(here + "/x", bytes);
  }
}

TEST_P(Transfer, ReplacesALongerFile) {
  ASSERT_TRUE(communicator->upload_bytes(random_bytes(100000), there + "/f", 0600, cancel));
  ASSERT_TRUE(communicator->upload_bytes("short", there + "/f", 0600, cancel));
  expect_same(there + "/f", "short");
}

TEST_P(Transfer, SaysWhatIsMissing) {
  const auto sent = communicator->upload_bytes("x", there + "/no/such/dir/f", 0600, cancel);
  ASSERT_FALSE(sent);
  EXPECT_NE(sent.error().message.find("no/such/dir"), std::string::npos) << sent.error().message;
  const auto got = communicator->download(there + "/nothing", here + "/x", {}, cancel);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message.find("nothing"), std::string::npos) << got.error().message;
  // And the session is still good.
  EXPECT_TRUE(communicator->upload_bytes("x", there + "/f", 0600, cancel));
}

TEST_P(Transfer, CopiesTreesWithRsyncsTrailingSlash) {
  ASSERT_TRUE(io::make_directories(here + "/tree/sub/empty"));
  ASSERT_TRUE(io::make_directories(here + "/outside"));
  ASSERT_TRUE(io::write_file(here + "/tree/a b", "one", 0640));
  ASSERT_TRUE(io::write_file(here + "/tree/sub/\xc3\xa4.sh", "two", 0755));
  ASSERT_TRUE(io::write_file(here + "/tree/skip.log", "three"));
  ASSERT_TRUE(io::write_file(here + "/outside/linked", "four"));
  std::filesystem::create_symlink("../outside", here + "/tree/link");
  std::filesystem::create_symlink("a b", here + "/tree/filelink");

  const auto expect_tree = [](const std::string& root) {
    SCOPED_TRACE(root);
    expect_same(root + "/a b", "one");
    EXPECT_EQ(mode_of(root + "/a b"), 0640U);
    expect_same(root + "/sub/\xc3\xa4.sh", "two");
    EXPECT_EQ(mode_of(root + "/sub/\xc3\xa4.sh"), 0755U);
    EXPECT_TRUE(io::is_directory(root + "/sub/empty"));
    expect_same(root + "/link/linked", "four");
    expect_same(root + "/filelink", "one");
    EXPECT_FALSE(std::filesystem::is_symlink(root + "/link"));
    EXPECT_FALSE(io::exists(root + "/skip.log"));
  };
  const std::vector<std::string> exclude = {"*.log"};
  auto moved = communicator->upload_directory(here + "/tree", there, exclude, cancel);
  ASSERT_TRUE(moved) << moved.error().message;
  expect_tree(there + "/tree");
  moved = communicator->upload_directory(here + "/tree/", there + "/new place", exclude, cancel);
  ASSERT_TRUE(moved) << moved.error().message;
  expect_tree(there + "/new place");

  ASSERT_TRUE(io::write_file(there + "/tree/skip.log", "three"));
  moved = communicator->download_directory(there + "/tree", here + "/down", exclude, cancel);
  ASSERT_TRUE(moved) << moved.error().message;
  expect_tree(here + "/down/tree");
  moved = communicator->download_directory(there + "/tree/", here + "/down2", exclude, cancel);
  ASSERT_TRUE(moved) << moved.error().message;
  expect_tree(here + "/down2");
}

TEST_P(Transfer, SaysWhyATreeCannotBeRead) {
  const auto moved = communicator->download_directory(there + "/none", here + "/d", {}, cancel);
  ASSERT_FALSE(moved);
  EXPECT_NE(moved.error().message.find("No such file or directory"), std::string::npos)
      << moved.error().message;
}

TEST_P(Transfer, RefusesALinkThatGoesInCircles) {
  ASSERT_TRUE(io::make_directories(here + "/tree/sub"));
  std::filesystem::create_symlink("..", here + "/tree/sub/up");
  const auto moved = communicator->upload_directory(here + "/tree", there, {}, cancel);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, ErrorCode::InvalidInput);
}

TEST_P(Transfer, SaysWhyATreeCannotBeWritten) {
  ASSERT_TRUE(io::make_directories(here + "/tree"));
  ASSERT_TRUE(io::write_file(there + "/file", "x"));
  const auto moved = communicator->upload_directory(here + "/tree", there + "/file", {}, cancel);
  ASSERT_FALSE(moved);
  EXPECT_NE(moved.error().message.find("file"), std::string::npos) << moved.error().message;
}

TEST_P(Transfer, StopsWhenCancelled) {
  ASSERT_TRUE(io::write_file(here + "/big", random_bytes(32U << 20)));
  const CancelToken token;
  const auto sent = communicator->upload(
      here + "/big", there + "/big", 0600, [&](uint64_t, uint64_t) { token.cancel(); }, token);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(communicator->upload_bytes("x", there + "/f", 0600, cancel));
}

TEST_P(Transfer, GoesOnAfterTheServerWasAway) {
  const std::string bytes = random_bytes(32U << 20);
  ASSERT_TRUE(io::write_file(here + "/big", bytes));
  bool cut = false;
  const auto cut_once = [&](uint64_t done, uint64_t) {
    if (cut || done < (8U << 20)) return;
    cut = true;
    server->stop();
    ASSERT_TRUE(server->start_again());
  };
  auto moved = communicator->upload(here + "/big", there + "/big", 0600, cut_once, cancel);
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_TRUE(cut);
  expect_same(there + "/big", bytes);
  cut = false;
  moved = communicator->download(there + "/big", here + "/back", cut_once, cancel);
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_TRUE(cut);
  expect_same(here + "/back", bytes);
}

}  // namespace
}  // namespace farm::builders::ssh
