// Values as the console prints them: strings bare at top level and quoted inside, floats as %g.
#include <array>
#include <charconv>
#include <cmath>

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

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
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
