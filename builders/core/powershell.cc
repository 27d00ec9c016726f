#include "builders/core/powershell.h"

#include <cstdint>

#include "common/template/functions/base64.h"

namespace farm::builders {
namespace {

// One code point of UTF-8 text; broken bytes give U+FFFD.
uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  const size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  if (more == 0) return 0xFFFD;
  uint32_t point = first & (0x3FU >> more);
  for (size_t i = 0; i < more; ++i, ++at) {
    if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U) return 0xFFFD;
    point = point << 6 | (static_cast<unsigned char>(text[at]) & 0x3FU);
  }
  return point;
}

// UTF-16, little end first, as -EncodedCommand wants it.
std::string utf16(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 2);
  const auto unit = [&out](uint32_t value) {
    out += static_cast<char>(value & 0xFFU);
    out += static_cast<char>(value >> 8 & 0xFFU);
  };
  for (size_t at = 0; at < text.size();) {
    const uint32_t point = next_code_point(text, at);
    if (point < 0x10000) {
      unit(point);
    } else {
      unit(0xD800 + ((point - 0x10000) >> 10));
      unit(0xDC00 + ((point - 0x10000) & 0x3FFU));
    }
  }
  return out;
}

// _x000D_ and its kin stand for characters that XML cannot carry.
std::string without_escapes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text.size() - i >= 7 && text.substr(i, 4) == "_x00" && text[i + 6] == '_';
    if (!escape) {
      out += text[i];
      continue;
    }
    const std::string code(text.substr(i + 4, 2));
    if (code == "0A") out += '\n';
    if (code == "09") out += '\t';
    i += 6;
  }
  return out;
}

std::string xml_text(std::string_view text) {
  struct Entity {
    std::string_view name;
    char character;
  };
  constexpr Entity kEntities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char character = text[i];
    for (const Entity& entity : kEntities) {
      if (text.substr(i, entity.name.size()) != entity.name) continue;
      character = entity.character;
      i += entity.name.size() - 1;
      break;
    }
    out += character;
  }
  return without_escapes(out);
}

}  // namespace

std::string powershell_quote(std::string_view text) {
  std::string out = "'";
  for (size_t i = 0; i < text.size(); ++i) {
    // U+2018 to U+201B end a single-quoted string as ' does.
    const bool typographic = text.substr(i, 2) == "\xE2\x80" && i + 2 < text.size() &&
                             text[i + 2] >= '\x98' && text[i + 2] <= '\x9B';
    if (typographic) {
      out += text.substr(i, 3);
      out += text.substr(i, 3);
      i += 2;
      continue;
    }
    if (text[i] == '\'') out += '\'';
    out += text[i];
  }
  return out + "'";
}

std::string powershell_command(std::string_view script) {
  return "powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand " +
         functions::base64_encode(utf16(script));
}

std::string powershell_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '$' || c == '"' || c == '`' || c == '\'') out += '`';
    out += c;
  }
  return out;
}

std::string powershell_error_text(std::string_view text) {
  const size_t mark = text.find("#< CLIXML");
  if (mark == std::string_view::npos) return std::string(text);
  std::string out(text.substr(0, mark));
  constexpr std::string_view kOpen = "<S S=\"Error\">";
  constexpr std::string_view kClose = "</S>";
  for (size_t at = text.find(kOpen, mark); at != std::string_view::npos;
       at = text.find(kOpen, at)) {
    at += kOpen.size();
    const size_t end = text.find(kClose, at);
    if (end == std::string_view::npos) break;
    out += xml_text(text.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace farm::builders
