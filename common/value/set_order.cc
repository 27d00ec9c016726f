#include "common/value/set_order.h"

#include <array>
#include <cstdio>

namespace farm::value {
namespace {

void append_quoted_key(const std::string& text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out += c;
    }
  }
  out += '"';
}

void append_number_key(const Number& n, std::string& out) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.10g", n.to_double());
  out += buffer.data();
}

void append_key(const Value& v, std::string& out) {
  if (!v.is_known()) {
    out += '?';
    return;
  }
  if (v.is_null()) {
    out += '~';
    return;
  }
  switch (v.type().kind()) {
    case Kind::Bool: out += v.as_bool() ? 'T' : 'F'; return;
    case Kind::Number: append_number_key(v.as_number(), out); return;
    case Kind::String: append_quoted_key(v.as_string(), out); return;
    case Kind::Map:
    case Kind::Object: {
      const bool map = v.type().kind() == Kind::Map;
      out += map ? '{' : '<';
      for (const auto& [key, element] : v.entries()) {
        if (map) {
          append_quoted_key(key, out);
          out += ':';
        }
        append_key(element, out);
        out += ';';
      }
      out += map ? '}' : '>';
      return;
    }
    default: break;
  }
  const bool tuple = v.type().kind() == Kind::Tuple;
  out += tuple ? '<' : '[';
  for (const Value& element : v.elements()) {
    append_key(element, out);
    out += ';';
  }
  out += tuple ? '>' : ']';
}

}  // namespace

std::string set_order_key(const Value& v) {
  std::string key;
  append_key(v, key);
  return key;
}

}  // namespace farm::value
