// Text as the functions count it: code points (runes) and grapheme clusters of UTF-8 text, and the
// case mappings of single code points. Bytes that are no UTF-8 come through as single runes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farm::functions {

struct Rune {
  int32_t code = 0;  // U+FFFD for a byte that is no UTF-8
  std::string_view bytes;
};

/// The views point into `text`.
std::vector<Rune> runes(std::string_view text);
/// User-perceived characters (Unicode extended grapheme clusters); the views point into `text`.
std::vector<std::string_view> graphemes(std::string_view text);
void append_rune(std::string& out, int32_t code);
bool is_utf8(std::string_view text);
/// White space of Unicode (property White_Space).
bool is_space(int32_t code);

std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);
/// Upper-cases the first letter of each word; the rest stays.
std::string title_case(std::string_view text);

}  // namespace farm::functions
