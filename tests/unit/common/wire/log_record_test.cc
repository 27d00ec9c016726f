#include "common/wire/log_record.h"

#include <gtest/gtest.h>
#include <vector>

namespace farm::wire {
namespace {

TEST(LogRecord, RoundTripsAndLeavesTheTornTail) {
  std::string bytes;
  append_record(bytes, {WallTime{5}, LogKind::Say, "Starting"});
  append_record(bytes, {WallTime{6}, LogKind::Detail, "line \xc3\xa9"});
  const size_t whole = bytes.size();
  append_record(bytes, {WallTime{7}, LogKind::Error, "torn"});
  bytes.resize(bytes.size() - 2);
  std::vector<std::string> texts;
  const size_t used = read_records(bytes, [&](const LogRecord& record) {
    texts.push_back(std::to_string(record.time.nanos) + std::string(record.text));
  });
  EXPECT_EQ(used, whole);
  EXPECT_EQ(texts, (std::vector<std::string>{"5Starting", "6line \xc3\xa9"}));
}

TEST(LogRecord, AnImpossibleLengthIsCorrupt) {
  const std::string bytes(64, '\xff');
  EXPECT_EQ(read_records(bytes, [](const LogRecord&) {}), std::string::npos);
}

}  // namespace
}  // namespace farm::wire
