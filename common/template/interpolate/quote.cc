#include "common/template/interpolate/quote.h"

#include <fmt/format.h>

namespace farm::interpolate {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

bool continues(std::string_view text, size_t at, size_t count) {
  if (at + count >= text.size()) return false;
  for (size_t i = 1; i <= count; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return false;
  }
  return true;
}

/// `digits` digits of `base` at `at`; advances. Empty when one is missing.
std::optional<uint32_t> read_digits(std::string_view text, size_t& at, int digits, int base) {
  uint32_t code = 0;
  for (int i = 0; i < digits; ++i, ++at) {
    const int digit = at < text.size() ? digit_value(text[at]) : 99;
    if (digit >= base) return std::nullopt;
    code = code * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
  }
  return code;
}

struct Unescaped {
  uint32_t code = 0;
  bool is_byte = false;  // \x and octal escapes make a byte, not a character
};

/// The escape whose backslash is at `at`; advances past it.
std::optional<Unescaped> read_escape(std::string_view text, size_t& at, char quote) {
  if (++at >= text.size()) return std::nullopt;
  const char c = text[at];
  if (c >= '0' && c <= '7') {
    const std::optional<uint32_t> code = read_digits(text, at, 3, 8);
    if (!code || *code > 255) return std::nullopt;
    return Unescaped{*code, true};
  }
  ++at;
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (const size_t found = kNames.find(c); found != std::string_view::npos) {
    return Unescaped{static_cast<uint32_t>(kMeanings[found])};
  }
  if (c == quote) return Unescaped{static_cast<uint32_t>(c)};
  const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0) return std::nullopt;
  const std::optional<uint32_t> code = read_digits(text, at, digits, 16);
  if (!code) return std::nullopt;
  if (c != 'x' && (*code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000))) return std::nullopt;
  return Unescaped{*code, c == 'x'};
}

bool is_printable(uint32_t code) {
  // The invisible ranges that templates can meet; the rest of Unicode is shown as it is.
  if (code < 0x20 || (code >= 0x7F && code < 0xA1) || code == 0xAD) return false;
  if (code >= 0x2000 && code <= 0x200F) return false;
  if (code >= 0x2028 && code <= 0x202F) return false;
  return code != 0xFEFF && code != 0x3000 && !(code >= 0xE000 && code <= 0xF8FF);
}

void append_escaped(std::string& into, uint32_t code) {
  constexpr std::string_view kCodes = "\a\b\f\n\r\t\v";
  constexpr std::string_view kNames = "abfnrtv";
  if (code < 0x80) {
    if (const size_t found = kCodes.find(static_cast<char>(code)); found != kCodes.npos) {
      into += '\\';
      into += kNames[found];
      return;
    }
    into += fmt::format("\\x{:02x}", code);
  } else if (code < 0x10000) {
    into += fmt::format("\\u{:04x}", code);
  } else {
    into += fmt::format("\\U{:08x}", code);
  }
}

}  // namespace

CodePoint code_point_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return static_cast<unsigned char>(text[at + i]);
  };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first >= 0xC2 && first < 0xE0 && continues(text, at, 1)) {
    return {((first & 0x1F) << 6) | (byte(1) & 0x3F), 2};
  }
  if (first >= 0xE0 && first < 0xF0 && continues(text, at, 2)) {
    const uint32_t code = ((first & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
    if (code >= 0x800 && (code < 0xD800 || code >= 0xE000)) return {code, 3};
  }
  if (first >= 0xF0 && first < 0xF5 && continues(text, at, 3)) {
    const uint32_t code = ((first & 0x07) << 18) | ((byte(1) & 0x3F) << 12) |
                          ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F);
    if (code >= 0x10000 && code <= 0x10FFFF) return {code, 4};
  }
  return {};
}

void append_code_point(std::string& into, uint32_t code_point) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) code_point = 0xFFFD;
  const auto put = [&](uint32_t byte) { into.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      put(0xE0 | (code_point >> 12));
    } else {
      put(0xF0 | (code_point >> 18));
      put(0x80 | ((code_point >> 12) & 0x3F));
    }
    put(0x80 | ((code_point >> 6) & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

std::string code_point_name(std::string_view text, size_t at) {
  const CodePoint point = code_point_at(text, at);
  if (!is_printable(point.value)) return fmt::format("U+{:04X}", point.value);
  return fmt::format("U+{:04X} '{}'", point.value, text.substr(at, point.length));
}

std::string quote(std::string_view text, bool ascii_only) {
  std::string quoted = "\"";
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::string_view bytes = text.substr(at, point.length);
    at += point.length;
    if (point.value == 0xFFFD && point.length == 1) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    } else if (point.value == '"' || point.value == '\\') {
      quoted += '\\';
      quoted += bytes;
    } else if (is_printable(point.value) && (!ascii_only || point.value < 0x80)) {
      quoted += bytes;
    } else {
      append_escaped(quoted, point.value);
    }
  }
  return quoted + '"';
}

std::optional<std::string> unquote(std::string_view literal) {
  const char quote = literal.front();
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  std::string text;
  for (size_t at = 0; at < inside.size();) {
    if (quote == '`') {
      // Carriage returns are dropped from raw strings, as Go does.
      if (inside[at] != '\r') text.push_back(inside[at]);
      ++at;
    } else if (inside[at] == '\\') {
      const std::optional<Unescaped> escaped = read_escape(inside, at, quote);
      if (!escaped) return std::nullopt;
      if (escaped->is_byte) {
        text.push_back(static_cast<char>(escaped->code));
      } else {
        append_code_point(text, escaped->code);
      }
    } else {
      text.push_back(inside[at++]);
    }
  }
  return text;
}

std::optional<int64_t> unquote_char(std::string_view literal) {
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  if (inside.empty()) return std::nullopt;
  size_t at = 0;
  uint32_t code = 0;
  if (inside[0] == '\\') {
    const std::optional<Unescaped> escaped = read_escape(inside, at, '\'');
    if (!escaped) return std::nullopt;
    code = escaped->code;
  } else {
    const CodePoint point = code_point_at(inside, 0);
    code = point.value;
    at = point.length;
  }
  if (at != inside.size()) return std::nullopt;
  return code;
}

}  // namespace farm::interpolate
