#include "agent/ledger/file_ledger.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "common/io/files.h"

namespace farm::agent {
namespace {

class FileLedgerTest : public ::testing::Test {
 protected:
  FileLedgerTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "ledger")) {}
  std::string path() const { return directory_.path() + "/ledger"; }
  void append(const std::string& text) {
    const Result<io::Fd> file = io::open_file(path(), O_WRONLY | O_APPEND);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(io::write_all(file->get(), text).has_value());
  }
  io::TempDirectory directory_;
};

TEST_F(FileLedgerTest, CreatesNoFileBeforeTheFirstIntent) {
  ASSERT_TRUE(FileLedger::open(path()).has_value());
  EXPECT_FALSE(io::exists(path()));
}

TEST_F(FileLedgerTest, KeepsWhatIsOpenAcrossProcesses) {
  {
    Result<FileLedger> ledger = FileLedger::open(path());
    ASSERT_TRUE(ledger.has_value());
    EXPECT_EQ(*ledger->intend("path", "/tmp/with space\n%"), 1U);
    EXPECT_EQ(*ledger->intend("process", "qemu"), 2U);
    EXPECT_EQ(*ledger->intend("path", ""), 3U);
    ASSERT_TRUE(ledger->bound(2, "12 34 boot").has_value());
    ASSERT_TRUE(ledger->gone(3).has_value());
  }
  Result<FileLedger> again = FileLedger::open(path());
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->open_resources().size(), 2U);
  EXPECT_EQ(again->open_resources()[0].name, "/tmp/with space\n%");
  EXPECT_EQ(again->open_resources()[1].id, "12 34 boot");
  EXPECT_EQ(*again->intend("path", "/x"), 4U);
}

TEST_F(FileLedgerTest, CutsATornLastLine) {
  ASSERT_TRUE(FileLedger::open(path())->intend("path", "/a").has_value());
  append("I 2 path /ha");
  Result<FileLedger> ledger = FileLedger::open(path());
  ASSERT_TRUE(ledger.has_value());
  EXPECT_EQ(ledger->open_resources().size(), 1U);
  ASSERT_TRUE(ledger->intend("path", "/b").has_value());
  EXPECT_EQ(FileLedger::open(path())->open_resources().size(), 2U);
}

TEST_F(FileLedgerTest, RefusesForeignLines) {
  struct Case {
    const char* name;
    const char* line;
  };
  const Case cases[] = {{"letter", "X 1 path /a\n"}, {"number", "I one path /a\n"},
                        {"fields", "I 1 path\n"},    {"escape", "I 1 path %zz\n"},
                        {"empty", "\n"},             {"gone with text", "G 1 x\n"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(io::write_file(path(), c.line).has_value());
    const Result<FileLedger> ledger = FileLedger::open(path());
    ASSERT_FALSE(ledger.has_value());
    EXPECT_EQ(ledger.error().code, ErrorCode::Corrupt);
  }
}

TEST_F(FileLedgerTest, BindsOnlyOpenIntents) {
  Result<FileLedger> ledger = FileLedger::open(path());
  EXPECT_EQ(ledger->bound(7, "x").error().code, ErrorCode::NotFound);
  EXPECT_TRUE(ledger->gone(7).has_value());
}

}  // namespace
}  // namespace farm::agent
