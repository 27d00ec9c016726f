// Values as JSON text, byte for byte what the template function jsonencode() prints.
#include <array>

#include <utf8proc.h>

#include "common/value/value.h"

namespace farm::value {
namespace {

void append_escape(uint32_t code, std::string& out) {
  constexpr const char* kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15U];
}

bool append_ascii(char c, std::string& out) {
  switch (c) {
    case '"': out += "\\\""; return true;
    case '\\': out += "\\\\"; return true;
    case '\n': out += "\\n"; return true;
    case '\r': out += "\\r"; return true;
    case '\t': out += "\\t"; return true;
    case '\b': out += "\\b"; return true;
    case '\f': out += "\\f"; return true;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x80) return false;
  if (byte < 0x20 || c == '<' || c == '>' || c == '&') append_escape(byte, out);
  else out += c;
  return true;
}

void append_string(const std::string& text, std::string& out) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    if (append_ascii(text[i], out)) {
      ++i;
      continue;
    }
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
        static_cast<utf8proc_ssize_t>(text.size() - i), &code);
    if (length <= 0) {
      out += "\\ufffd";
      ++i;
      continue;
    }
    if (code == 0x2028 || code == 0x2029) append_escape(static_cast<uint32_t>(code), out);
    else out.append(text, i, static_cast<size_t>(length));
    i += static_cast<size_t>(length);
  }
  out += '"';
}

Result<void> append(const Value& v, std::string& out) {
  if (!v.is_known()) return invalid_input("a value that is not known yet has no JSON text");
  if (v.is_null()) {
    out += "null";
    return {};
  }
  switch (v.type().kind()) {
    case Kind::Bool: out += v.as_bool() ? "true" : "false"; return {};
    case Kind::String: append_string(v.as_string(), out); return {};
    case Kind::Number:
      if (v.as_number().is_infinite()) return invalid_input("infinity has no JSON text");
      out += v.as_number().str();
      return {};
    case Kind::Map:
    case Kind::Object: {
      out += '{';
      const char* separator = "";
      for (const auto& [key, element] : v.entries()) {
        out += separator;
        separator = ",";
        append_string(key, out);
        out += ':';
        TRY(append(element, out));
      }
      out += '}';
      return {};
    }
    default: break;
  }
  out += '[';
  const char* separator = "";
  for (const Value& element : v.elements()) {
    out += separator;
    separator = ",";
    TRY(append(element, out));
  }
  out += ']';
  return {};
}

}  // namespace

Result<std::string> to_json(const Value& v) {
  std::string out;
  TRY(append(v, out));
  return out;
}

}  // namespace farm::value
