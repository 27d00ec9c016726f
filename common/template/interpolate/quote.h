// Go's way of quoting: string and character literals read and written, for constants in templates,
// for %q and for error messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farm::interpolate {

/// "text" in double quotes with Go's escapes; `ascii_only` escapes the rest too (%+q).
std::string quote(std::string_view text, bool ascii_only = false);
/// Contents of a "..." or `...` literal with its quotes; empty when an escape is not valid.
std::optional<std::string> unquote(std::string_view literal);
/// The code point of a 'x' literal with its quotes.
std::optional<int64_t> unquote_char(std::string_view literal);

/// Code point at `at` and its length in bytes; U+FFFD and 1 for a byte that is not UTF-8.
struct CodePoint {
  uint32_t value = 0xFFFD;
  size_t length = 1;
};
CodePoint code_point_at(std::string_view text, size_t at);
void append_code_point(std::string& into, uint32_t code_point);
/// "U+0025 '%'": the character at `at` as messages name it.
std::string code_point_name(std::string_view text, size_t at);

}  // namespace farm::interpolate
