#include "common/base/ids.h"

namespace farm {
namespace {
constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
constexpr size_t kTextLength = 26;
}  // namespace

std::string id_text(const IdBytes& bytes) {
  std::string text;
  text.reserve(kTextLength);
  unsigned buffer = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    buffer = (buffer << 8 | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kAlphabet[buffer >> bits & 31];
    }
  }
  text += kAlphabet[buffer << (5 - bits) & 31];
  return text;
}

Result<IdBytes> id_from_text(std::string_view text) {
  if (text.size() != kTextLength) {
    return invalid_input("an id has 26 characters, got `" + std::string(text) + "`");
  }
  IdBytes bytes{};
  unsigned buffer = 0;
  int bits = 0;
  size_t at = 0;
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= 'a' && c <= 'z') {
      digit = static_cast<unsigned>(c - 'a');
    } else if (c >= '2' && c <= '7') {
      digit = static_cast<unsigned>(c - '2' + 26);
    } else {
      return invalid_input("`" + std::string(text) + "` is no id: only a-z and 2-7 occur in one");
    }
    buffer = (buffer << 5 | digit) & 0xfffff;
    bits += 5;
    if (bits >= 8 && at < bytes.size()) {
      bits -= 8;
      bytes[at++] = static_cast<uint8_t>(buffer >> bits & 0xff);
    }
  }
  return bytes;
}

}  // namespace farm
