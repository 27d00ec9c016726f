#include "common/template/hcl2/parser.h"

#include <utf8proc.h>

namespace farm::hcl2 {
namespace {

constexpr int kMaxNesting = 200;
constexpr int kMaxChain = 2000;  // terms of `a + b + ...`; each is a level of the tree

struct BinaryOperator {
  Operator op;
  int level;  // how tightly it binds; 0: the token is no operator
};

BinaryOperator binary_operator(TokenKind token) {
  switch (token) {
    case TokenKind::Or: return {Operator::Or, 1};
    case TokenKind::And: return {Operator::And, 2};
    case TokenKind::EqualEqual: return {Operator::Equal, 3};
    case TokenKind::NotEqual: return {Operator::NotEqual, 3};
    case TokenKind::Less: return {Operator::Less, 4};
    case TokenKind::LessEqual: return {Operator::LessEqual, 4};
    case TokenKind::Greater: return {Operator::Greater, 4};
    case TokenKind::GreaterEqual: return {Operator::GreaterEqual, 4};
    case TokenKind::Plus: return {Operator::Add, 5};
    case TokenKind::Minus: return {Operator::Subtract, 5};
    case TokenKind::Star: return {Operator::Multiply, 6};
    case TokenKind::Slash: return {Operator::Divide, 6};
    case TokenKind::Percent: return {Operator::Remainder, 6};
    default: return {Operator::Or, 0};
  }
}

// Byte offset of the first byte that is no UTF-8; the size when all is.
size_t first_bad_byte(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    utf8proc_int32_t code = 0;
    const auto length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                         static_cast<utf8proc_ssize_t>(text.size() - i), &code);
    if (length <= 0) return i;
    i += static_cast<size_t>(length);
  }
  return text.size();
}

}  // namespace

Parser::Parser(std::string_view text, std::string file, LexMode mode, SourcePosition start,
               Diagnostics& diagnostics)
    : text_(text), file_(std::move(file)), diagnostics_(diagnostics), start_(start),
      last_end_(start) {
  tokens_ = lex(text, mode, start);
  std::erase_if(tokens_, [](const Token& t) { return t.kind == TokenKind::Comment; });
  if (const size_t bad = first_bad_byte(text); bad < text.size()) {
    const SourcePosition where = advance(start, text.substr(0, bad));
    fail("Invalid character encoding", "The text must be UTF-8, and this byte is not.",
         {file_, where, where});
  }
}

const Token& Parser::peek() {
  while (ignore_newlines_ > 0 && tokens_[next_].kind == TokenKind::Newline) ++next_;
  return tokens_[next_];
}

Token Parser::take() {
  const Token token = peek();
  if (token.kind != TokenKind::EndOfFile) ++next_;
  last_end_ = token.end;
  return token;
}

bool Parser::at_keyword(std::string_view word) {
  return at(TokenKind::Identifier) && peek().text == word;
}

bool Parser::accept(TokenKind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

std::nullptr_t Parser::fail(const std::string& summary, const std::string& detail,
                            const SourceRange& range, const std::string& hint) {
  if (!failed_) diagnostics_.error(summary, detail, range, hint);
  failed_ = true;
  return nullptr;
}

std::nullptr_t Parser::fail_bad_token(const Token& token) {
  const SourceRange range = range_of(token);
  if (token.kind == TokenKind::EndOfFile) {
    return fail("Missing expression", "The text ends where an expression is expected.", range);
  }
  if (token.kind == TokenKind::Newline) {
    return fail("Invalid expression", "The line ends where an expression is expected.", range);
  }
  if (token.kind == TokenKind::Invalid) {
    if (token.text == "'") {
      return fail("Invalid character", "Single quotes are not valid. Use double quotes (\").",
                  range);
    }
    if (token.text == "&" || token.text == "|") {
      return fail("Unsupported operator", "There are no bitwise operators.", range,
                  token.text == "&" ? "Did you mean \"&&\"?" : "Did you mean \"||\"?");
    }
    if (token.text.substr(0, 2) == "/*") {
      return fail("Unterminated comment", "The comment has no closing */.", range);
    }
    return fail("Invalid character",
                "The character \"" + std::string(token.text) + "\" has no meaning here.", range);
  }
  return fail("Invalid expression",
              "Expected the start of an expression, found \"" + std::string(token.text) + "\".",
              range);
}

bool Parser::too_deep(const Token& token) {
  if (depth_ <= kMaxNesting) return false;
  fail("Expression nested too deeply",
       "At most " + std::to_string(kMaxNesting) + " levels of nesting are possible.",
       range_of(token));
  return true;
}

ExpressionPtr Parser::parse_whole_expression() {
  ignore_newlines_ = 1;
  ExpressionPtr expression = parse_expression();
  if (expression == nullptr) return nullptr;
  if (!at(TokenKind::EndOfFile)) {
    const Token token = peek();
    if (token.kind == TokenKind::Invalid) return fail_bad_token(token);
    return fail("Extra characters after expression",
                "The expression is complete, but more text follows it.", range_of(token));
  }
  return failed_ ? nullptr : expression;
}

ExpressionPtr Parser::parse_expression() {
  struct Level {
    explicit Level(int& d) : depth(d) { ++depth; }
    ~Level() { --depth; }
    int& depth;
  } level(depth_);
  if (too_deep(peek())) return nullptr;
  const SourcePosition start = peek().start;
  ExpressionPtr condition = parse_binary(1);
  if (condition == nullptr || !at(TokenKind::Question)) return condition;
  take();
  ExpressionPtr yes = parse_expression();
  if (yes == nullptr) return nullptr;
  if (!accept(TokenKind::Colon)) {
    return fail("Missing false expression in conditional",
                "A conditional needs a colon and the value for a false condition.",
                range_of(peek()));
  }
  ExpressionPtr no = parse_expression();
  if (no == nullptr) return nullptr;
  return std::make_shared<Conditional>(range_from(start), std::move(condition), std::move(yes),
                                       std::move(no));
}

// Operators that bind at least as tightly as `lowest`; all of them are left-associative.
ExpressionPtr Parser::parse_binary(int lowest) {
  const SourcePosition start = peek().start;
  ExpressionPtr left = parse_unary();
  for (int chain = 0; left != nullptr; ++chain) {
    const BinaryOperator found = binary_operator(peek().kind);
    if (found.level < lowest) return left;
    const Token token = take();
    if (chain >= kMaxChain) {
      return fail("Expression too long", "Too many operators in one expression.",
                  range_of(token));
    }
    ExpressionPtr right = parse_binary(found.level + 1);
    if (right == nullptr) return nullptr;
    left = std::make_shared<Binary>(range_from(start), found.op, std::move(left),
                                    std::move(right));
  }
  return nullptr;
}

ExpressionPtr Parser::parse_unary() {
  const Token token = peek();
  if (token.kind != TokenKind::Minus && token.kind != TokenKind::Not) return parse_term();
  take();
  ++depth_;
  ExpressionPtr operand = too_deep(token) ? nullptr : parse_unary();
  --depth_;
  if (operand == nullptr) return nullptr;
  const Operator op = token.kind == TokenKind::Minus ? Operator::Negate : Operator::Not;
  return std::make_shared<Unary>(range_from(token.start), op, std::move(operand));
}

ExpressionPtr Parser::parse_primary() {
  switch (peek().kind) {
    case TokenKind::Number: return parse_number();
    case TokenKind::Identifier: return parse_identifier();
    case TokenKind::OpenParen: return parse_parentheses();
    case TokenKind::OpenBracket: return parse_tuple();
    case TokenKind::OpenBrace: return parse_object();
    case TokenKind::OpenQuote: return parse_quoted();
    case TokenKind::OpenHeredoc: return parse_heredoc();
    default: return fail_bad_token(peek());
  }
}

ExpressionPtr Parser::parse_number() {
  const Token token = take();
  const auto number = value::Number::parse(token.text);
  if (!number) {
    return fail("Invalid number literal", "This is no number: " + number.error().message + ".",
                range_of(token));
  }
  return std::make_shared<Literal>(range_of(token), value::Value::number(*number));
}

ExpressionPtr Parser::parse_parentheses() {
  const Token open = take();
  const NewlineScope lines(*this, NewlineScope::Ignored);
  ExpressionPtr inner = parse_expression();
  if (inner == nullptr) return nullptr;
  if (!accept(TokenKind::CloseParen)) {
    return fail("Unbalanced parentheses", "Expected a closing parenthesis.", range_of(peek()));
  }
  return std::make_shared<Wrapped>(range_from(open.start), std::move(inner),
                                   Wrapped::By::Parentheses);
}

ExpressionPtr Parser::parse_identifier() {
  const Token name = take();
  if (at(TokenKind::OpenParen) || at(TokenKind::DoubleColon)) {
    return parse_call(name, std::string(name.text));
  }
  if (name.text == "true" || name.text == "false") {
    return std::make_shared<Literal>(range_of(name), value::Value::boolean(name.text == "true"),
                                     std::string(name.text));
  }
  if (name.text == "null") {
    return std::make_shared<Literal>(range_of(name), value::Value::null(), "null");
  }
  return std::make_shared<Reference>(Traversal{std::string(name.text), {}, range_of(name)});
}

ExpressionPtr parse_expression(const std::string& text, const std::string& file,
                               Diagnostics& diagnostics, SourcePosition start) {
  return Parser(text, file, LexMode::Expression, start, diagnostics).parse_whole_expression();
}

ExpressionPtr parse_template(const std::string& text, const std::string& file,
                             Diagnostics& diagnostics, SourcePosition start) {
  return Parser(text, file, LexMode::BareTemplate, start, diagnostics).parse_whole_template();
}

}  // namespace farm::hcl2
