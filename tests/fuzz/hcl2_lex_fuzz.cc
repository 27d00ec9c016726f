// LIBS: farm_template_hcl2
// Foreign bytes as tokens, in both modes: every byte is in a token or is a blank between two, in
// order, and every position says where its token is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/template/hcl2/lexer.h"

namespace {

using farm::hcl2::LexMode;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

void check_tokens(std::string_view text, LexMode mode) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const auto tokens = farm::hcl2::lex(text, mode);
  size_t offset = text.substr(0, 3) == kByteOrderMark ? 3 : 0;
  uint32_t line = 1;
  for (const auto& token : tokens) {
    FARM_CHECK(token.start.byte >= offset);
    const std::string_view gap = text.substr(offset, token.start.byte - offset);
    FARM_CHECK(mode == LexMode::BareTemplate || is_blank(gap));
    FARM_CHECK(text.substr(token.start.byte, token.text.size()) == token.text);
    FARM_CHECK(token.end.byte == token.start.byte + token.text.size());
    FARM_CHECK(token.start.line == line && token.start.column >= 1);
    line += static_cast<uint32_t>(std::count(token.text.begin(), token.text.end(), '\n'));
    FARM_CHECK(token.end.line == line && token.end.column >= 1);
    offset = token.end.byte;
  }
  FARM_CHECK(!tokens.empty() && tokens.back().kind == farm::hcl2::TokenKind::EndOfFile);
  FARM_CHECK(is_blank(text.substr(offset)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_tokens(text, LexMode::Expression);
  check_tokens(text, LexMode::BareTemplate);
  static_cast<void>(farm::hcl2::is_identifier(text));
  return 0;
}
