#include "common/wire/picture_record.h"

#include <gtest/gtest.h>
#include <vector>

namespace farm::wire {
namespace {

std::vector<Picture> read_all(const std::string& log) {
  std::vector<Picture> found;
  PictureReader reader;
  EXPECT_EQ(read_records(log, [&](const LogRecord& record) {
              if (auto picture = reader.take(record)) found.push_back(*std::move(picture));
            }),
            log.size());
  return found;
}

std::string bytes(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>(i * 31 + i / 256);
  return text;
}

TEST(PictureRecord, ComesBackWhateverItsSize) {
  for (const size_t size : {1U, 2U, 3U, 44'999U, 45'000U, 45'001U, 300'000U}) {
    SCOPED_TRACE(size);
    std::string log;
    append_picture(log, WallTime{7}, "screen\tat\nfailure", bytes(size));
    append_record(log, {WallTime{8}, LogKind::Say, "a line"});
    const std::vector<Picture> found = read_all(log);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].caption, "screen at failure");
    EXPECT_EQ(found[0].time.nanos, 7);
    EXPECT_TRUE(found[0].png == bytes(size));
  }
}

TEST(PictureRecord, LinesBetweenPartsDoNotMatter) {
  std::string whole;
  append_picture(whole, WallTime{1}, "x", bytes(100'000));
  std::string mixed;
  read_records(whole, [&](const LogRecord& record) {
    append_record(mixed, record);
    append_record(mixed, {WallTime{2}, LogKind::Detail, "between"});
  });
  const std::vector<Picture> found = read_all(mixed);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].png == bytes(100'000));
}

TEST(PictureRecord, DamagedPartsGiveNoPicture) {
  for (const char* text : {"", "x", "x\t0\t1", "x\t0\t1\t", "x\t0\t1\tab=", "x\t0\t1\t!!!!",
                           "x\t1\t2\tAAAA", "x\t2\t2\tAAAA", "x\ta\t1\tAAAA", "x\t0\t1\tA==="}) {
    SCOPED_TRACE(text);
    PictureReader reader;
    const auto picture = reader.take({WallTime{1}, LogKind::Picture, text});
    EXPECT_TRUE(!picture || picture->png.empty());
  }
}

TEST(PictureRecord, ALostPartLosesThePicture) {
  std::string whole;
  append_picture(whole, WallTime{1}, "x", bytes(200'000));
  PictureReader reader;
  size_t number = 0;
  bool any = false;
  read_records(whole, [&](const LogRecord& record) {
    if (number++ != 2) any = any || reader.take(record).has_value();
  });
  EXPECT_FALSE(any);
}

TEST(PictureRecord, HugePicturesAreLeftOut) {
  std::string log;
  append_picture(log, WallTime{1}, "x", std::string(kMaxPicture + 1, 'p'));
  EXPECT_TRUE(log.empty());
}

}  // namespace
}  // namespace farm::wire
