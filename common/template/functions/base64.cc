#include "common/template/functions/base64.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace farm::functions {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}();

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= count ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  std::string out;
  uint32_t group = 0;
  size_t symbols = 0;
  size_t padding = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    const bool pads = c == '=' && symbols % 4 >= 2;
    const int8_t symbol = kValues[static_cast<uint8_t>(c)];
    if ((!pads && symbol < 0) || (padding > 0 && !pads)) {
      return invalid_input(fmt::format("illegal base64 data at input byte {}", i));
    }
    if (pads) ++padding;
    group = group << 6 | (pads ? 0U : static_cast<uint32_t>(symbol));
    if (++symbols % 4 != 0) continue;
    for (size_t k = 0; k < 3 - padding; ++k) out += static_cast<char>(group >> (16 - 8 * k) & 255U);
    group = 0;
  }
  if (symbols % 4 != 0) {
    return invalid_input(fmt::format("illegal base64 data at input byte {}", text.size()));
  }
  return out;
}

}  // namespace farm::functions
