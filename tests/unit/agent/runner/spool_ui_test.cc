#include "agent/runner/spool_ui.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "common/io/files.h"

namespace farm::agent {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  const std::string bytes = io::read_file(path).value_or("");
  wire::read_records(bytes, [&](const wire::LogRecord& record) {
    lines.push_back(std::to_string(static_cast<int>(record.kind)) + std::string(record.text));
  });
  return lines;
}

TEST(SpoolUi, SplitsRedactsAndContinuesATornLog) {
  const io::TempDirectory directory = *io::TempDirectory::create(::testing::TempDir(), "ui");
  const std::string path = directory.path() + "/log";
  const Redactor redactor({"secret"});
  const ManualClock clock;
  ControlChannel none;
  {
    Result<SpoolUi> ui = SpoolUi::open(path, redactor, none, clock);
    ASSERT_TRUE(ui.has_value());
    ui->say("one\r\ntwo secret\n");
    ui->message("");
    ui->error("bad");
  }
  const Result<io::Fd> file = io::open_file(path, O_WRONLY | O_APPEND);
  ASSERT_TRUE(file.has_value() && io::write_all(file->get(), "\x20\0\0\0torn").has_value());
  {
    Result<SpoolUi> ui = SpoolUi::open(path, redactor, none, clock);
    ASSERT_TRUE(ui.has_value());
    ui->step("next");
    EXPECT_EQ(ui->bytes(), *io::file_size(path));
  }
  EXPECT_EQ(lines_of(path), (std::vector<std::string>{"1one", "1two <sensitive>", "2", "3bad",
                                                      "4next"}));
}

TEST(SpoolUi, ProgressIsLimitedInTime) {
  const io::TempDirectory directory = *io::TempDirectory::create(::testing::TempDir(), "ui");
  const std::string path = directory.path() + "/log";
  const Redactor redactor({});
  ManualClock clock;
  ControlChannel none;
  Result<SpoolUi> ui = SpoolUi::open(path, redactor, none, clock);
  ASSERT_TRUE(ui.has_value());
  for (uint64_t done = 1; done <= 100; ++done) ui->progress("file", done, 100);
  EXPECT_EQ(lines_of(path), (std::vector<std::string>{"5file\t1\t100", "5file\t100\t100"}));
}

}  // namespace
}  // namespace farm::agent
