#include "common/template/interpolate/lexer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/template/interpolate/quote.h"

namespace farm::interpolate {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim_right(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 10> kKeywords = {
      "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"};
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Tokens run() {
    while (next_text()) {
    }
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool at_end() const { return at_ >= text_.size(); }

  void emit(TokenKind kind, size_t start) {
    tokens_.list.push_back(
        {kind, text_.substr(start, at_ - start), static_cast<uint32_t>(start)});
  }

  bool fail(std::string message) {
    tokens_.error = std::move(message);
    tokens_.list.push_back({TokenKind::Error, {}, static_cast<uint32_t>(at_)});
    return false;
  }

  /// Text up to the next action and the action itself; false at the end of the input.
  bool next_text() {
    const size_t start = at_;
    const size_t open = text_.find(kOpen, at_);
    if (open == std::string_view::npos) {
      at_ = text_.size();
      if (at_ > start) emit(TokenKind::Text, start);
      emit(TokenKind::End, at_);
      return false;
    }
    const bool trim = is_left_trim(open + kOpen.size());
    const std::string_view between = text_.substr(start, open - start);
    const std::string_view kept = trim ? trim_right(between) : between;
    if (!kept.empty()) {
      tokens_.list.push_back({TokenKind::Text, kept, static_cast<uint32_t>(start)});
    }
    at_ = open;
    return action(trim);
  }

  bool is_left_trim(size_t at) const {
    return at + 1 < text_.size() && text_[at] == '-' && is_space(text_[at + 1]);
  }
  bool is_right_trim(size_t at) const {
    return at < text_.size() && is_space(text_[at]) && text_.substr(at + 1).starts_with("-}}");
  }

  bool action(bool trim) {
    const size_t start = at_;
    const size_t inside = start + kOpen.size() + (trim ? 2 : 0);
    if (text_.substr(inside).starts_with("/*")) return comment(inside);
    at_ = start + kOpen.size();
    emit(TokenKind::LeftDelim, start);
    at_ = inside;
    int parens = 0;
    while (true) {
      if (is_right_trim(at_) || rest().starts_with(kClose)) {
        if (parens > 0) return fail("unclosed left paren");
        return close();
      }
      if (at_end()) return fail("unclosed action");
      if (!token(parens)) return false;
    }
  }

  bool close() {
    const bool trim = is_right_trim(at_);
    if (trim) at_ += 2;
    const size_t start = at_;
    at_ += kClose.size();
    emit(TokenKind::RightDelim, start);
    if (trim) skip_space();
    return true;
  }

  void skip_space() {
    while (!at_end() && is_space(peek())) ++at_;
  }

  bool comment(size_t inside) {
    const size_t end = text_.find("*/", inside);
    if (end == std::string_view::npos) return fail("unclosed comment");
    at_ = end + 2;
    const bool trim = is_right_trim(at_);
    if (trim) at_ += 2;
    if (!rest().starts_with(kClose)) return fail("comment ends before closing delimiter");
    at_ += kClose.size();
    if (trim) skip_space();
    return true;
  }

  bool token(int& parens) {
    const size_t start = at_;
    const char c = peek();
    if (is_space(c)) {
      // A space that belongs to a closing trim marker is left for it.
      while (!at_end() && is_space(peek()) && !is_right_trim(at_)) ++at_;
      emit(TokenKind::Space, start);
      return true;
    }
    if (c == '"') return quoted('"', TokenKind::String, "unterminated quoted string");
    if (c == '\'') return quoted('\'', TokenKind::Char, "unterminated character constant");
    if (c == '`') return raw_string();
    if (c == '$') return named(TokenKind::Variable, TokenKind::Variable);
    if (c == '.' && !is_digit(peek(1))) return named(TokenKind::Field, TokenKind::Dot);
    if (c == '+' || c == '-' || c == '.' || is_digit(c)) return number();
    if (is_alphanumeric(c)) return word();
    return punctuation(c, parens);
  }

  bool punctuation(char c, int& parens) {
    const size_t start = at_++;
    if (c == ':') {
      if (peek() != '=') return fail("expected :=");
      ++at_;
      emit(TokenKind::Declare, start);
      return true;
    }
    TokenKind kind = TokenKind::Other;
    if (c == '=') kind = TokenKind::Assign;
    if (c == '|') kind = TokenKind::Pipe;
    if (c == '(') {
      kind = TokenKind::LeftParen;
      ++parens;
    }
    if (c == ')') {
      kind = TokenKind::RightParen;
      if (--parens < 0) return fail("unexpected right paren");
    }
    if (kind == TokenKind::Other && (c < 0x20 || c == 0x7F)) {
      return fail("unrecognized character in action: " + code_point_name(text_, start));
    }
    emit(kind, start);
    return true;
  }

  bool quoted(char quote, TokenKind kind, std::string_view unterminated) {
    const size_t start = at_++;
    while (true) {
      if (at_end() || peek() == '\n') return fail(std::string(unterminated));
      const char c = text_[at_++];
      if (c == quote) break;
      if (c == '\\') {
        if (at_end() || peek() == '\n') return fail(std::string(unterminated));
        ++at_;
      }
    }
    emit(kind, start);
    return true;
  }

  bool raw_string() {
    const size_t start = at_;
    const size_t end = text_.find('`', at_ + 1);
    if (end == std::string_view::npos) return fail("unterminated raw quoted string");
    at_ = end + 1;
    emit(TokenKind::RawString, start);
    return true;
  }

  /// `.Name` or `$name`, or the bare sign when no name follows.
  bool named(TokenKind with_name, TokenKind bare) {
    const size_t start = at_++;
    while (is_alphanumeric(peek()) && !at_end()) ++at_;
    if (at_ > start + 1 && !at_terminator()) return bad_character();
    emit(at_ > start + 1 ? with_name : bare, start);
    return true;
  }

  bool bad_character() { return fail("bad character " + code_point_name(text_, at_)); }

  /// Whether what follows may follow a word.
  bool at_terminator() const {
    if (at_end() || is_space(peek()) || rest().starts_with(kClose)) return true;
    constexpr std::string_view kTerminators = ".,|:()=";
    return kTerminators.find(peek()) != std::string_view::npos;
  }

  bool word() {
    const size_t start = at_;
    while (!at_end() && is_alphanumeric(peek())) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    if (!at_terminator()) return bad_character();
    TokenKind kind = TokenKind::Identifier;
    if (is_keyword(word)) kind = TokenKind::Keyword;
    if (word == "true" || word == "false") kind = TokenKind::Bool;
    if (word == "nil") kind = TokenKind::Nil;
    emit(kind, start);
    return true;
  }

  bool number() {
    const size_t start = at_;
    if (peek() == '+' || peek() == '-') ++at_;
    std::string_view digits = "0123456789_";
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      digits = "0123456789abcdefABCDEF_";
      at_ += 2;
    } else if (peek() == '0' && (peek(1) == 'o' || peek(1) == 'O' || peek(1) == 'b' ||
                                 peek(1) == 'B')) {
      digits = peek(1) == 'b' || peek(1) == 'B' ? "01_" : "01234567_";
      at_ += 2;
    }
    accept(digits);
    if (peek() == '.') {
      ++at_;
      accept(digits);
    }
    const bool hex = digits.size() > 20;
    if (digits.size() == 11 && (peek() == 'e' || peek() == 'E')) exponent();
    if (hex && (peek() == 'p' || peek() == 'P')) exponent();
    if (peek() == 'i') ++at_;
    if (is_alphanumeric(peek()) && !at_end()) {
      ++at_;
      return fail(fmt::format("bad number syntax: {}", quote(text_.substr(start, at_ - start))));
    }
    emit(TokenKind::Number, start);
    return true;
  }

  void exponent() {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    accept("0123456789_");
  }

  void accept(std::string_view set) {
    while (!at_end() && set.find(peek()) != std::string_view::npos) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
  Tokens tokens_;
};

}  // namespace

bool is_alphanumeric(char c) {
  // Bytes of letters beyond ASCII count as letters.
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

Tokens tokenize(std::string_view text) { return Lexer(text).run(); }

std::string describe(const Token& token) {
  if (token.kind == TokenKind::End) return "EOF";
  if (token.kind == TokenKind::Keyword) return fmt::format("<{}>", token.text);
  if (token.text.size() > 10) return quote(token.text.substr(0, 10)) + "...";
  return quote(token.text);
}

}  // namespace farm::interpolate
