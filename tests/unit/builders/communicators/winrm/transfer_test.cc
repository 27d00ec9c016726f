#include <sys/stat.h>

#include "common/base/random.h"
#include "tests/unit/builders/communicators/winrm/fixture.h"

namespace farm::builders::winrm {
namespace {

class Transfer : public WinRmTest {
 protected:
  void SetUp() override {
    start_machine();
    connect();
    auto made = io::TempDirectory::create("/tmp", "farm-winrm-here-");
    ASSERT_TRUE(made);
    here = std::make_unique<io::TempDirectory>(std::move(*made));
  }
  std::string path(const std::string& name) const { return here->path() + "/" + name; }
  std::string there(const std::string& name) const {
    return io::read_file(machine->file(name)).value_or("<missing>");
  }
  static std::string bytes(size_t count) {
    SeededRandom random(count);
    std::string data(count, '\0');
    for (char& c : data) c = static_cast<char>(random.next());
    return data;
  }
  std::unique_ptr<io::TempDirectory> here;
};

TEST_F(Transfer, FilesOfAnySize) {
  for (const size_t size : {0UL, 1UL, 3UL, 49151UL, 49152UL, 49153UL, 700'001UL}) {
    SCOPED_TRACE(size);
    const std::string data = bytes(size);
    const Result<void> sent = communicator->upload_bytes(data, "C:/new folder/f.bin", 0644, cancel);
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_TRUE(there("new folder/f.bin") == data);
    const Result<void> got = communicator->download("C:\\new folder\\f.bin", path("f"), {}, cancel);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(io::read_file(path("f")).value_or("") == data);
  }
  EXPECT_FALSE(io::exists(machine->file("new folder/f.bin.farm-part")));
  EXPECT_FALSE(io::exists(path("f.farm-part")));
}

TEST_F(Transfer, ProgressAndPathsOfTheMachine) {
  ASSERT_TRUE(io::write_file(path("it's"), bytes(100'000)));
  std::vector<uint64_t> steps;
  const auto sent = communicator->upload(
      path("it's"), "%TEMP%\\it's $env:COMPUTERNAME.bin", 0644,
      [&](uint64_t done, uint64_t total) {
        steps.push_back(done);
        EXPECT_EQ(total, 100'000U);
      },
      cancel);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(steps, (std::vector<uint64_t>{49152, 98304, 100'000}));
  EXPECT_EQ(there("Users/farm/AppData/Local/Temp/it's WINGUEST.bin").size(), 100'000U);
  steps.clear();
  const auto got = communicator->download(
      "~/AppData/Local/Temp/it's WINGUEST.bin", path("back"),
      [&](uint64_t done, uint64_t) { steps.push_back(done); }, cancel);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(steps.back(), 100'000U);
}

TEST_F(Transfer, ErrorsComeInTheMachinesWords) {
  const auto got = communicator->download("C:\\none.txt", path("f"), {}, cancel);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "download of C:\\none.txt: Could not find file 'C:\\none.txt'.");
  EXPECT_FALSE(io::exists(path("f")));
  const auto sent = communicator->upload_bytes("x", "C:\\Windows", 0644, cancel);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "upload to C:\\Windows: C:\\Windows is a folder");
}

TEST_F(Transfer, ALostOrDoubledPieceIsNoticedAndTheFileSentAgain) {
  // The piece is taken, but its answer is lost: it may have come twice.
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Send", "kind": "answer-lost", "count": 1}])"));
  const auto sent = communicator->upload_bytes(bytes(200'000), "C:\\f.bin", 0644, cancel);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_TRUE(there("f.bin") == bytes(200'000));
  // A connection that never holds is an error, and nothing half is left.
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Send", "kind": "drop", "count": 100}])"));
  const auto failed = communicator->upload_bytes("x", "C:\\g.bin", 0644, cancel);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().retryable);
  EXPECT_FALSE(io::exists(machine->file("g.bin")));
}

TEST_F(Transfer, FoldersTravelWhole) {
  ASSERT_TRUE(io::make_directories(path("src/a b/\u00fcber")));
  ASSERT_TRUE(io::make_directories(path("src/empty")));
  ASSERT_TRUE(io::write_file(path("src/top.txt"), "top"));
  ASSERT_TRUE(io::write_file(path("src/a b/\u00fcber/\u00e4.txt"), "deep"));
  ASSERT_TRUE(io::write_file(path("src/skip.log"), "no"));
  ASSERT_TRUE(communicator->upload_bytes("old", "C:\\target\\src\\top.txt", 0644, cancel));
  struct Case {
    const char* name;
    std::string source;
    std::string target;  // where the contents are then
  };
  const Case cases[] = {{"with its name", path("src"), "target/src/"},
                        {"contents", path("src/"), "contents/"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string remote = c.source.ends_with('/') ? "C:/contents" : "C:\\target\\";
    const auto sent = communicator->upload_directory(c.source, remote, {"*.log"}, cancel);
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(there(c.target + "top.txt"), "top");
    EXPECT_EQ(there(c.target + "a b/\u00fcber/\u00e4.txt"), "deep");
    EXPECT_TRUE(io::is_directory(machine->file(c.target + "empty")));
    EXPECT_FALSE(io::exists(machine->file(c.target + "skip.log")));
  }
  EXPECT_EQ(io::list_files(machine->file("Users/farm/AppData/Local/Temp"))->size(), 0U);
  ASSERT_TRUE(io::make_directories(path("back")));
  const auto got = communicator->download_directory("C:\\target\\src", path("back"), {"top*"}, cancel);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(io::read_file(path("back/src/a b/\u00fcber/\u00e4.txt")).value_or(""), "deep");
  EXPECT_TRUE(io::is_directory(path("back/src/empty")));
  EXPECT_FALSE(io::exists(path("back/src/top.txt")));
  ASSERT_TRUE(communicator->download_directory("C:\\target\\src\\", path("flat"), {}, cancel));
  EXPECT_EQ(io::read_file(path("flat/top.txt")).value_or(""), "top");
  EXPECT_EQ(io::list_files(machine->file("Users/farm/AppData/Local/Temp"))->size(), 0U);
}

TEST_F(Transfer, FolderErrors) {
  EXPECT_FALSE(communicator->upload_directory(path("none"), "C:\\t", {}, cancel));
  const auto got = communicator->download_directory("C:\\none", path("back"), {}, cancel);
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().message.starts_with("pack C:\\none: Could not find a part of the path"))
      << got.error().message;
}

}  // namespace
}  // namespace farm::builders::winrm
