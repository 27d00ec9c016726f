// Lexer of {{ }} templates: text outside the delimiters, tokens inside. Trim markers and comments
// are gone after it. Errors are a token of their own, with the words of Go's text/template.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farm::interpolate {

enum class TokenKind {
  Error,       // see Tokens::error
  End,         // end of the input
  Text,        // outside of {{ }}
  LeftDelim,   // {{
  RightDelim,  // }}
  Bool,
  Char,        // 'a'
  Number,
  String,      // "..." with its quotes
  RawString,   // `...` with its quotes
  Field,       // .Name
  Variable,    // $ or $name
  Identifier,
  Dot,
  Nil,
  Keyword,     // if else end range with define template block break continue
  Pipe,
  Assign,      // =
  Declare,     // :=
  LeftParen,
  RightParen,
  Space,
  Other,       // any other printable ASCII character
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;  // into the template
  uint32_t offset = 0;
};

struct Tokens {
  std::vector<Token> list;  // ends with End or Error
  std::string error;
};

Tokens tokenize(std::string_view text);

/// The token as messages show it: `"x"`, `<if>`, `EOF`.
std::string describe(const Token& token);

bool is_alphanumeric(char c);

}  // namespace farm::interpolate
