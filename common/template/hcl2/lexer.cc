#include "common/template/hcl2/lexer.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

namespace farm::hcl2 {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// One code point at the front of `text`; length 0 when it is not UTF-8.
struct CodePoint {
  int32_t value = 0;
  size_t length = 0;
};

CodePoint decode(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x80) return {byte, 1};
  utf8proc_int32_t value = 0;
  const auto length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &value);
  if (length <= 0) return {};
  return {value, static_cast<size_t>(length)};
}

bool starts_identifier(int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return true;
    default: return code == '_';
  }
}

bool continues_identifier(int32_t code) {
  if (code == '-' || starts_identifier(code)) return true;
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return false;
  }
}

// Length of the identifier at the front of `text`, 0 when there is none.
size_t identifier_length(std::string_view text) {
  size_t length = 0;
  while (length < text.size()) {
    const char c = text[length];
    if (is_ascii_letter(c) || c == '_' || (length > 0 && (is_digit(c) || c == '-'))) {
      ++length;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80) break;
    const CodePoint code = decode(text.substr(length));
    if (code.length == 0) break;
    if (!(length == 0 ? starts_identifier(code.value) : continues_identifier(code.value))) break;
    length += code.length;
  }
  return length;
}

// A number takes all digits, dots and exponents it can and ends with a digit: `1.2.3` is one token
// (and no number), so that the error names all of it.
size_t number_length(std::string_view text) {
  size_t length = 0;
  for (size_t i = 0; i < text.size();) {
    if (is_digit(text[i])) {
      length = ++i;
    } else if (text[i] == '.') {
      ++i;
    } else if (text[i] == 'e' || text[i] == 'E') {
      ++i;
      if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
      if (i == text.size() || !is_digit(text[i])) break;
    } else {
      break;
    }
  }
  return length;
}

// Walks over text and keeps the position.
class Cursor {
 public:
  explicit Cursor(SourcePosition start) : position_(start) {}
  const SourcePosition& position() const { return position_; }
  // Bytes that take no column.
  void pass_unseen(size_t bytes) { position_.byte += static_cast<uint32_t>(bytes); }

  void pass(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte < 0x80 && previous_ < 0x80) {
        pass_ascii(byte);
        ++i;
        continue;
      }
      const CodePoint code = decode(text.substr(i));
      const size_t length = std::max<size_t>(code.length, 1);
      if (byte == '\n') {
        pass_ascii(byte);
      } else {
        if (previous_ < 0 || utf8proc_grapheme_break_stateful(previous_, code.value, &state_)) {
          ++position_.column;
        }
        position_.byte += static_cast<uint32_t>(length);
        previous_ = code.value;
      }
      i += length;
    }
  }

 private:
  void pass_ascii(unsigned char byte) {
    ++position_.byte;
    if (byte == '\n') {
      ++position_.line;
      position_.column = 1;
    } else {
      ++position_.column;
    }
    previous_ = byte;
    state_ = 0;
  }

  SourcePosition position_;
  int32_t previous_ = -1;
  utf8proc_int32_t state_ = 0;
};

class Lexer {
 public:
  Lexer(std::string_view text, LexMode mode, SourcePosition start)
      : text_(text), cursor_(start) {
    modes_.push_back({mode == LexMode::Expression ? Mode::Code : Mode::Bare, 0, {}, start.line});
  }

  std::vector<Token> run() {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (at(kByteOrderMark)) {
      offset_ += kByteOrderMark.size();
      cursor_.pass_unseen(kByteOrderMark.size());
    }
    while (offset_ < text_.size()) {
      switch (modes_.back().kind) {
        case Mode::Code: lex_code(); break;
        case Mode::Quoted: lex_quoted(); break;
        case Mode::Heredoc: lex_heredoc(); break;
        case Mode::Bare: lex_literal_line(); break;
      }
    }
    emit(TokenKind::EndOfFile, 0);
    return std::move(tokens_);
  }

 private:
  struct Mode {
    enum Kind { Code, Quoted, Heredoc, Bare } kind;
    size_t braces = 0;           // open { in Code
    std::string_view marker;     // of Heredoc
    uint32_t line = 0;           // where it began
  };

  std::string_view rest() const { return text_.substr(offset_); }
  bool at(std::string_view prefix) const { return rest().substr(0, prefix.size()) == prefix; }

  void emit(TokenKind kind, size_t length) {
    const std::string_view piece = text_.substr(offset_, length);
    const SourcePosition start = cursor_.position();
    cursor_.pass(piece);
    offset_ += length;
    tokens_.push_back({kind, piece, start, cursor_.position()});
  }

  void skip(size_t length) {
    cursor_.pass(text_.substr(offset_, length));
    offset_ += length;
  }

  void lex_code() {
    const char c = text_[offset_];
    if (c == ' ' || c == '\t' || (c == '\r' && !at("\r\n"))) return skip(1);
    if (c == '\n') return emit(TokenKind::Newline, 1);
    if (c == '\r') return emit(TokenKind::Newline, 2);
    if (is_digit(c)) return emit(TokenKind::Number, number_length(rest()));
    if (c == '#' || at("//")) return emit(TokenKind::Comment, line_comment_length());
    if (at("/*")) return lex_block_comment();
    if (const size_t length = identifier_length(rest()); length > 0) {
      return emit(TokenKind::Identifier, length);
    }
    if (c == '"') {
      modes_.push_back({Mode::Quoted, 0, {}, cursor_.position().line});
      return emit(TokenKind::OpenQuote, 1);
    }
    if (at("<<") && lex_heredoc_opening()) return;
    lex_symbol();
  }

  size_t line_comment_length() const {
    size_t length = rest().find('\n');
    if (length == std::string_view::npos) return rest().size();
    if (length > 0 && rest()[length - 1] == '\r') --length;
    return length;
  }

  void lex_block_comment() {
    const size_t end = rest().find("*/", 2);
    if (end == std::string_view::npos) return emit(TokenKind::Invalid, rest().size());
    emit(TokenKind::Comment, end + 2);
  }

  bool lex_heredoc_opening() {
    const size_t prefix = at("<<-") ? 3 : 2;
    const size_t marker = identifier_length(rest().substr(prefix));
    if (marker == 0) return false;
    const std::string_view tail = rest().substr(prefix + marker);
    const size_t newline = tail.substr(0, 2) == "\r\n" ? 2 : (tail.substr(0, 1) == "\n" ? 1 : 0);
    if (newline == 0) return false;
    modes_.push_back({Mode::Heredoc, 0, rest().substr(prefix, marker), cursor_.position().line});
    emit(TokenKind::OpenHeredoc, prefix + marker + newline);
    return true;
  }

  void lex_symbol() {
    struct Symbol {
      std::string_view text;
      TokenKind kind;
    };
    static constexpr std::array<Symbol, 29> kSymbols = {{
        {"...", TokenKind::Ellipsis},    {"==", TokenKind::EqualEqual},
        {"!=", TokenKind::NotEqual},     {"<=", TokenKind::LessEqual},
        {">=", TokenKind::GreaterEqual}, {"&&", TokenKind::And},
        {"||", TokenKind::Or},           {"=>", TokenKind::Arrow},
        {"::", TokenKind::DoubleColon},  {"=", TokenKind::Equal},
        {",", TokenKind::Comma},         {".", TokenKind::Dot},
        {":", TokenKind::Colon},         {"?", TokenKind::Question},
        {"<", TokenKind::Less},          {">", TokenKind::Greater},
        {"+", TokenKind::Plus},          {"-", TokenKind::Minus},
        {"*", TokenKind::Star},          {"/", TokenKind::Slash},
        {"%", TokenKind::Percent},       {"!", TokenKind::Not},
        {"[", TokenKind::OpenBracket},   {"]", TokenKind::CloseBracket},
        {"(", TokenKind::OpenParen},     {")", TokenKind::CloseParen},
        {"{", TokenKind::OpenBrace},     {"}", TokenKind::CloseBrace},
        {"~}", TokenKind::CloseSequence},
    }};
    for (const Symbol& symbol : kSymbols) {
      if (!at(symbol.text)) continue;
      return emit_symbol(symbol.kind, symbol.text.size());
    }
    const CodePoint code = decode(rest());
    if (code.length == 0) return emit(TokenKind::BadEncoding, 1);
    emit(TokenKind::Invalid, code.length);
  }

  // Braces decide where an interpolation ends.
  void emit_symbol(TokenKind kind, size_t length) {
    Mode& mode = modes_.back();
    const bool nested = modes_.size() > 1;
    if (kind == TokenKind::OpenBrace) ++mode.braces;
    if (kind == TokenKind::CloseBrace || kind == TokenKind::CloseSequence) {
      if (mode.braces == 0 && nested) {
        emit(TokenKind::CloseSequence, length);
        modes_.pop_back();
        return;
      }
      if (kind == TokenKind::CloseSequence) return emit(TokenKind::Invalid, 1);
      if (mode.braces > 0) --mode.braces;
    }
    emit(kind, length);
  }

  // True when a sequence opens here: `${ ${~ %{ %{~`.
  bool lex_sequence_opening() {
    const bool interpolation = at("${");
    if (!interpolation && !at("%{")) return false;
    const size_t length = rest().size() > 2 && rest()[2] == '~' ? 3 : 2;
    const uint32_t line = cursor_.position().line;
    emit(interpolation ? TokenKind::OpenInterpolation : TokenKind::OpenDirective, length);
    modes_.push_back({Mode::Code, 0, {}, line});
    return true;
  }

  // Length of literal text from here to a sequence, or to where `ends` says.
  template <class Ends>
  size_t literal_length(Ends ends) const {
    const std::string_view text = rest();
    size_t i = 0;
    while (i < text.size()) {
      const std::string_view tail = text.substr(i);
      if (tail.substr(0, 3) == "$${" || tail.substr(0, 3) == "%%{") {
        i += 3;
        continue;
      }
      if (tail.substr(0, 2) == "${" || tail.substr(0, 2) == "%{") break;
      const size_t step = ends(tail);
      if (step == 0) break;
      i += step;
      if (tail[0] == '\n') break;
    }
    return i;
  }

  void lex_quoted() {
    if (text_[offset_] == '"') {
      emit(TokenKind::CloseQuote, 1);
      modes_.pop_back();
      return;
    }
    if (lex_sequence_opening()) return;
    if (text_[offset_] == '\n' || at("\r\n")) return close_broken_quote();
    const size_t length = literal_length([](std::string_view tail) -> size_t {
      if (tail[0] == '"' || tail[0] == '\n' || tail.substr(0, 2) == "\r\n") return 0;
      return tail[0] == '\\' && tail.size() > 1 && tail[1] != '\n' && tail[1] != '\r' ? 2 : 1;
    });
    emit(TokenKind::QuotedLiteral, length);
  }

  // A string must end on its line. Whatever template began on that line ends too, so that one
  // missing quote or brace does not turn the rest of the file inside out.
  void close_broken_quote() {
    const uint32_t line = cursor_.position().line;
    emit(TokenKind::BrokenQuote, 0);
    modes_.pop_back();
    while (modes_.size() > 1 && modes_.back().line == line) modes_.pop_back();
  }

  void lex_heredoc() {
    const bool line_start = offset_ > 0 && text_[offset_ - 1] == '\n';
    if (line_start) {
      std::string_view line = rest().substr(0, rest().find('\n'));
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      const size_t first = line.find_first_not_of(" \t");
      const size_t last = line.find_last_not_of(" \t");
      if (first != std::string_view::npos &&
          line.substr(first, last - first + 1) == modes_.back().marker) {
        emit(TokenKind::CloseHeredoc, last + 1);
        modes_.pop_back();
        return;
      }
    }
    lex_literal_line();
  }

  void lex_literal_line() {
    if (lex_sequence_opening()) return;
    emit(TokenKind::TemplateLiteral, literal_length([](std::string_view) -> size_t { return 1; }));
  }

  std::string_view text_;
  size_t offset_ = 0;
  Cursor cursor_;
  std::vector<Mode> modes_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex(std::string_view text, LexMode mode, SourcePosition start) {
  return Lexer(text, mode, start).run();
}

SourcePosition advance(SourcePosition from, std::string_view text) {
  Cursor cursor(from);
  cursor.pass(text);
  return cursor.position();
}

bool is_identifier(std::string_view name) {
  return !name.empty() && identifier_length(name) == name.size();
}

}  // namespace farm::hcl2
