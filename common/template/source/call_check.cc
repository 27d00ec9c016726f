#include "common/template/source/call_check.h"

namespace farm::templates {
namespace {

/// Words that may stand before a parenthesis without being a function.
bool is_keyword(std::string_view word) {
  return word == "if" || word == "in" || word == "for" || word == "else";
}

}  // namespace

bool check_calls(std::string_view text, hcl2::LexMode mode, const std::string& file,
                 SourcePosition start, CallRule rule, Diagnostics& diagnostics) {
  if (text.find('(') == std::string_view::npos) return true;
  bool good = true;
  const std::vector<hcl2::Token> tokens = hcl2::lex(text, mode, start);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const hcl2::Token& token = tokens[i];
    const bool call = token.kind == hcl2::TokenKind::Identifier && !is_keyword(token.text) &&
                      tokens[i + 1].kind == hcl2::TokenKind::OpenParen;
    if (!call || (rule == CallRule::EnvOnly && token.text == "env")) continue;
    good = false;
    const SourceRange place{file, token.start, token.end};
    if (rule == CallRule::EnvOnly) {
      diagnostics.error("Call to unknown function",
                        "There is no function named \"" + std::string(token.text) +
                            "\" in variable defaults: only env() may be called there. Use a local "
                            "for computed values.",
                        place);
    } else {
      diagnostics.error("Function calls not allowed",
                        "The value of a variable is constant: functions may not be called here.",
                        place);
    }
  }
  return good;
}

}  // namespace farm::templates
