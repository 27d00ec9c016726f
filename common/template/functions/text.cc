#include "common/template/functions/text.h"

#include <utf8proc.h>

namespace farm::functions {
namespace {

constexpr int32_t kReplacement = 0xFFFD;
constexpr int32_t kSharpS = 0xDF;

// Length of the rune at the start of `text` (at least 1) and its code.
size_t decode(std::string_view text, int32_t& code) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t length =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (length > 0) return static_cast<size_t>(length);
  code = -1;
  return 1;
}

// utf8proc maps sharp s to the capital sharp s; the simple mapping of Unicode has none for it.
int32_t simple_upper(int32_t code) {
  return code == kSharpS ? code : utf8proc_toupper(code);
}

bool is_letter_or_digit(int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
      return true;
    default:
      return false;
  }
}

bool separates_words(int32_t code) {
  if (is_letter_or_digit(code) || code == '_') return false;
  return code < 0x80 || is_space(code);
}

template <class Map>
std::string mapped(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  for (const Rune& rune : runes(text)) append_rune(out, map(rune.code));
  return out;
}

}  // namespace

std::vector<Rune> runes(std::string_view text) {
  std::vector<Rune> found;
  found.reserve(text.size());
  while (!text.empty()) {
    int32_t code = 0;
    const size_t length = decode(text, code);
    found.push_back({code < 0 ? kReplacement : code, text.substr(0, length)});
    text.remove_prefix(length);
  }
  return found;
}

std::vector<std::string_view> graphemes(std::string_view text) {
  std::vector<std::string_view> found;
  size_t start = 0;
  size_t at = 0;
  int32_t previous = -1;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    int32_t code = 0;
    const size_t length = decode(text.substr(at), code);
    if (code < 0) code = kReplacement;
    if (previous >= 0 && utf8proc_grapheme_break_stateful(previous, code, &state)) {
      found.push_back(text.substr(start, at - start));
      start = at;
    }
    previous = code;
    at += length;
  }
  if (start < text.size()) found.push_back(text.substr(start));
  return found;
}

void append_rune(std::string& out, int32_t code) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(code, bytes);
  for (utf8proc_ssize_t i = 0; i < length; ++i) out += static_cast<char>(bytes[i]);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    int32_t code = 0;
    const size_t length = decode(text, code);
    if (code < 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_space(int32_t code) {
  switch (code) {
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x2000 && code <= 0x200A);
  }
}

std::string upper_case(std::string_view text) {
  return mapped(text, simple_upper);
}

std::string lower_case(std::string_view text) {
  return mapped(text, [](int32_t code) { return utf8proc_tolower(code); });
}

std::string title_case(std::string_view text) {
  int32_t previous = ' ';
  return mapped(text, [&previous](int32_t code) {
    const bool starts_word = separates_words(previous);
    previous = code;
    return starts_word && code != kSharpS ? utf8proc_totitle(code) : code;
  });
}

}  // namespace farm::functions
