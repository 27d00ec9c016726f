// Values as the console prints them: strings bare at top level and quoted inside, floats as %g.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include <utf8proc.h>

#include "common/value/value.h"

namespace farm::value {
namespace {

// The shortest digits that read back as the same double; with an exponent below -4 and above 5.
std::string float_text(double number) {
  if (std::isinf(number)) return number < 0 ? "-Inf" : "+Inf";
  std::array<char, 64> buffer;
  const auto scientific = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                        std::chars_format::scientific);
  const std::string text(buffer.data(), scientific.ptr);
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (exponent >= -4 && exponent < 6) {
    const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                     std::chars_format::fixed);
    return {buffer.data(), fixed.ptr};
  }
  return text;
}

std::string number_text(const Number& n) {
  if (const auto integer = n.to_int64()) return std::to_string(*integer);
  return float_text(n.to_double());
}

// What Go prints as it is: letters, marks, numbers, punctuation, symbols and the blank.
bool is_printable(utf8proc_int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return false;
    default: return true;
  }
}

// Appends the character at `at` of `text`, which is none of ASCII; returns its length.
size_t append_wide(const std::string& text, size_t at, std::string& out) {
  utf8proc_int32_t code = 0;
  const auto length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                       static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  std::array<char, 16> escape{};
  if (length <= 0) {
    std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned char>(text[at]));
  } else if (!is_printable(code)) {
    std::snprintf(escape.data(), escape.size(), code > 0xffff ? "\\U%08x" : "\\u%04x",
                  static_cast<unsigned>(code));
  }
  const size_t size = length <= 0 ? 1 : static_cast<size_t>(length);
  if (escape[0] != '\0') out += escape.data();
  else out.append(text, at, size);
  return size;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      i += append_wide(text, i, out) - 1;
      continue;
    }
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      case '\a': out += "\\a"; continue;
      case '\b': out += "\\b"; continue;
      case '\f': out += "\\f"; continue;
      case '\v': out += "\\v"; continue;
      default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      constexpr const char* kHex = "0123456789abcdef";
      out += std::string("\\x") + kHex[byte >> 4U] + kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + '"';
}

void print(const Value& v, size_t indent, bool top, std::string& out) {
  if (v.is_sensitive()) {
    out += "<sensitive>";
    return;
  }
  if (!v.is_known()) {
    out += "<unknown>";
    return;
  }
  if (v.is_null()) {
    out += "null";
    return;
  }
  const std::string inner(indent + 2, ' ');
  switch (v.type().kind()) {
    case Kind::Bool: out += v.as_bool() ? "true" : "false"; return;
    case Kind::Number: out += number_text(v.as_number()); return;
    case Kind::String: out += top ? v.as_string() : quoted(v.as_string()); return;
    case Kind::Map:
    case Kind::Object: {
      std::string body;
      for (const auto& [key, element] : v.entries()) {
        if (element.is_null()) continue;
        body += inner + quoted(key) + " = ";
        print(element, indent + 2, false, body);
        body += "\n";
      }
      out += body.empty() ? "{}" : "{\n" + body + std::string(indent, ' ') + "}";
      return;
    }
    default: break;
  }
  if (v.size() == 0) {
    out += "[]";
    return;
  }
  out += "[\n";
  for (const Value& element : v.elements()) {
    out += inner;
    print(element, indent + 2, false, out);
    out += ",\n";
  }
  out += std::string(indent, ' ') + "]";
}

}  // namespace

std::string console_text(const Value& v) {
  std::string out;
  print(v, 0, true, out);
  return out;
}

}  // namespace farm::value
