#include "common/base/random.h"

#include <array>
#include <cstdio>
#include <sys/random.h>

#include "common/base/result.h"

namespace farm {

void Random::fill(std::span<uint8_t> bytes) {
  for (size_t i = 0; i < bytes.size();) {
    uint64_t word = next();
    for (int k = 0; k < 8 && i < bytes.size(); ++k, word >>= 8) {
      bytes[i++] = static_cast<uint8_t>(word & 0xff);
    }
  }
}

uint64_t Random::below(uint64_t bound) {
  if (bound == 0) return 0;
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

std::string Random::word(size_t length) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text(length, 'a');
  for (char& c : text) c = kAlphabet[below(36)];
  return text;
}

uint64_t SystemRandom::next() {
  uint64_t value = 0;
  FARM_CHECK(::getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value));
  return value;
}

std::string uuid_v4(Random& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  char two[3];
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(bytes[i]));
    text += two;
  }
  return text;
}

}  // namespace farm
