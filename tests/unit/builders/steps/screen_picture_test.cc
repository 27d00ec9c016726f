#include "builders/steps/screen_picture.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace farm::builders::steps {
namespace {

uint32_t number_at(const std::string& text, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(text[at + i]);
  return value;
}

// The unpacked rows of a PNG of ours; checks every chunk.
std::string rows_of(const std::string& png, std::string& kinds) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::string packed;
  for (size_t at = 8; at < png.size();) {
    const uint32_t size = number_at(png, at);
    const std::string body = png.substr(at + 4, size + 4);
    const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                             static_cast<uInt>(body.size()));
    EXPECT_EQ(number_at(png, at + 8 + size), static_cast<uint32_t>(sum));
    kinds += body.substr(0, 4) + " ";
    if (body.starts_with("IDAT")) packed = body.substr(4);
    at += size + 12;
  }
  std::string rows(1 << 22, '\0');
  uLongf length = rows.size();
  EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(rows.data()), &length,
                         reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
            Z_OK);
  rows.resize(length);
  return rows;
}

TEST(ScreenPicture, FewColoursHaveAPalette) {
  const std::string red = {'\xff', 0, 0};
  const std::string blue = {0, 0, '\xff'};
  const auto png = png_of_ppm("P6 # a comment\n2 2\n255\n" + red + blue + blue + red);
  ASSERT_TRUE(png) << png.error().message;
  std::string kinds;
  EXPECT_EQ(rows_of(*png, kinds), (std::string{0, 0, 1, 0, 1, 0}));
  EXPECT_EQ(kinds, "IHDR PLTE IDAT IEND ");
  EXPECT_EQ(number_at(*png, 16), 2U);
}

TEST(ScreenPicture, ManyColoursAreKeptAsTheyAre) {
  std::string pixels;
  for (int i = 0; i < 400; ++i) {
    pixels += {static_cast<char>(i), static_cast<char>(i / 256), '\x10'};
  }
  const auto png = png_of_ppm("P6\n400 1\n255\n" + pixels);
  ASSERT_TRUE(png);
  std::string kinds;
  EXPECT_EQ(rows_of(*png, kinds), std::string(1, '\0') + pixels);
  EXPECT_EQ(kinds, "IHDR IDAT IEND ");
}

TEST(ScreenPicture, OtherFilesAreRefused) {
  for (const char* text : {"", "P6", "P5 1 1 255\nabc", "P6 1 1 65535\nabcdef", "P6 0 1 255\n",
                           "P6 9000 1 255\nabc", "P6 2 1 255\nabc", "P6 -1 1 255\nabc"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(png_of_ppm(text));
  }
}

}  // namespace
}  // namespace farm::builders::steps
