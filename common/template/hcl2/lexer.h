// Lexer: native HCL2 text as tokens. Templates (quoted, heredoc, bare) are cut into literals and
// sequences here, with a stack of modes, so that the parser and the formatter see one flat list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/diagnostic.h"

namespace farm::hcl2 {

enum class TokenKind {
  Identifier, Number, Newline, Comment, EndOfFile, Invalid, BadEncoding,
  OpenBrace, CloseBrace, OpenBracket, CloseBracket, OpenParen, CloseParen,
  OpenQuote, CloseQuote, QuotedLiteral, BrokenQuote,  // BrokenQuote: line end inside a string
  OpenHeredoc, CloseHeredoc, TemplateLiteral,         // TemplateLiteral: heredoc or bare, per line
  OpenInterpolation, OpenDirective, CloseSequence,    // ${ %{ } with or without ~
  Equal, Comma, Dot, Ellipsis, Colon, DoubleColon, Question, Arrow,
  EqualEqual, NotEqual, Less, LessEqual, Greater, GreaterEqual,
  Plus, Minus, Star, Slash, Percent, And, Or, Not,
};

struct Token {
  TokenKind kind;
  std::string_view text;  // into the lexed text
  SourcePosition start;
  SourcePosition end;
};

enum class LexMode { Expression, BareTemplate };

/// All tokens of `text`, ending with EndOfFile. Never fails: what is no token is Invalid. `text`
/// must outlive the tokens.
std::vector<Token> lex(std::string_view text, LexMode mode, SourcePosition start = {});

/// The position after `text` that begins at `from`; columns count grapheme clusters.
SourcePosition advance(SourcePosition from, std::string_view text);

/// Whether `name` is an identifier: a letter or underscore, then letters, digits, _ and -.
bool is_identifier(std::string_view name);

}  // namespace farm::hcl2
