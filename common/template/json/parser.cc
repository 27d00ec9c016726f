// The parser of document.h: recursive descent, one function per rule of RFC 8259.
#include <algorithm>

#include "common/template/json/document.h"

#include <fmt/format.h>

namespace farm::json {
namespace {

// Deeper input is an attack or a mistake; bounds the recursion.
constexpr int kMaxDepth = 200;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Length of the UTF-8 sequence at `at`, 0 when it is not well formed (RFC 3629).
size_t utf8_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // overlong
  if (first == 0xED && second > 0x9F) return 0;  // surrogate
  if (first == 0xF0 && second < 0x90) return 0;  // overlong
  if (first == 0xF4 && second > 0x8F) return 0;  // past U+10FFFF
  return length;
}

void append_utf8(std::string& into, uint32_t code_point) {
  const auto put = [&](uint32_t byte) { into.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view text, SyntaxError& error) : text_(text), error_(error) {}

  bool document(Node& root) {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      return fail("invalid character '\\ufeff' looking for beginning of value",
                  "the file begins with a byte-order mark: save it as UTF-8 without one");
    }
    if (!value(root, 0)) return false;
    skip_space();
    if (!at_end()) return unexpected("after top-level value");
    return true;
  }

 private:
  bool at_end() const { return position_.byte >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_.byte]; }

  void advance() {
    const char c = text_[position_.byte++];
    if (c == '\n') {
      ++position_.line;
      position_.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++position_.column;
    }
  }

  void skip_space() {
    while (!at_end() && is_space(peek())) advance();
  }

  bool fail(std::string message, std::string hint = {}) {
    return fail_at({position_, position_}, std::move(message), std::move(hint));
  }

  bool fail_at(Span span, std::string message, std::string hint = {}) {
    if (span.end.byte == span.start.byte) {
      ++span.end.byte;
      ++span.end.column;
    }
    error_ = {std::move(message), std::move(hint), span};
    return false;
  }

  /// The character here, as Go quotes it.
  std::string quoted_here() const {
    const char c = peek();
    if (c == '\'') return "'\\''";
    if (c == '"') return "'\"'";
    if (c == '\n') return "'\\n'";
    if (c == '\r') return "'\\r'";
    if (c == '\t') return "'\\t'";
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7F) return fmt::format("'\\x{:02x}'", code);
    const size_t length = utf8_length(text_, position_.byte);
    if (length == 0) return fmt::format("'\\x{:02x}'", code);
    return fmt::format("'{}'", text_.substr(position_.byte, length));
  }

  std::string hint_here() const {
    const std::string_view rest = text_.substr(position_.byte);
    if (rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with("#")) {
      return "JSON has no comments: use a root key that begins with _, such as \"_comment\"";
    }
    if (rest.starts_with("'")) return "JSON strings are written in double quotes";
    return {};
  }

  bool unexpected(std::string_view where) {
    if (at_end()) {
      return fail("unexpected end of JSON input", "a closing bracket or quote is missing");
    }
    return fail(fmt::format("invalid character {} {}", quoted_here(), where), hint_here());
  }

  bool value(Node& into, int depth) {
    skip_space();
    into.span.start = position_;
    if (depth > kMaxDepth) return fail(fmt::format("nested more than {} levels deep", kMaxDepth));
    if (!value_here(into, depth)) return false;
    into.span.end = position_;
    return true;
  }

  bool value_here(Node& into, int depth) {
    const char c = peek();
    if (c == '{') return object(into, depth);
    if (c == '[') return array(into, depth);
    if (c == '"') {
      into.kind = NodeKind::String;
      return string(into.text);
    }
    if (c == '-' || is_digit(c)) return number(into);
    if (c == 't' || c == 'f') {
      into.kind = NodeKind::Boolean;
      into.boolean = c == 't';
      return literal(c == 't' ? "true" : "false");
    }
    if (c == 'n') {
      into.kind = NodeKind::Null;
      return literal("null");
    }
    return unexpected("looking for beginning of value");
  }

  bool literal(std::string_view word) {
    for (const char c : word) {
      if (at_end() || peek() != c) {
        return unexpected(fmt::format("in literal {} (expecting '{}')", word, c));
      }
      advance();
    }
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return unexpected("in numeric literal");
    while (is_digit(peek())) advance();
    return true;
  }

  bool number(Node& into) {
    into.kind = NodeKind::Number;
    const size_t start = position_.byte;
    if (peek() == '-') advance();
    if (peek() == '0') {
      advance();
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.') {
      advance();
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      advance();
      if (peek() == '+' || peek() == '-') advance();
      if (!digits()) return false;
    }
    into.text = text_.substr(start, position_.byte - start);
    return true;
  }

  bool string(std::string& into) {
    const SourcePosition start = position_;
    advance();
    while (true) {
      if (at_end()) {
        return fail_at({start, position_}, "unexpected end of JSON input",
                       "this string has no closing quote");
      }
      const char c = peek();
      if (c == '"') break;
      if (c == '\\') {
        if (!escape(into)) return false;
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return fail(fmt::format("invalid character {} in string literal", quoted_here()),
                    c == '\n' || c == '\r' ? "a string ends on its line: write a line break as \\n"
                    : c == '\t'            ? "write a tab as \\t"
                                           : "write a control character as \\u00XX");
      }
      if (!character(into)) return false;
    }
    advance();
    return true;
  }

  bool character(std::string& into) {
    const size_t length = utf8_length(text_, position_.byte);
    if (length == 0) return fail("invalid UTF-8 in string literal", "save the file as UTF-8");
    into.append(text_.substr(position_.byte, length));
    for (size_t i = 0; i < length; ++i) advance();
    return true;
  }

  bool escape(std::string& into) {
    advance();
    const char c = peek();
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (c == 'u') return unicode_escape(into);
    const size_t found = at_end() ? std::string_view::npos : kNames.find(c);
    if (found == std::string_view::npos) {
      if (at_end()) return unexpected({});
      return fail(fmt::format("invalid character {} in string escape code", quoted_here()),
                  "a backslash itself is written \\\\");
    }
    into.push_back(kMeanings[found]);
    advance();
    return true;
  }

  bool hex4(uint32_t& into) {
    advance();
    into = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(peek());
      if (at_end() || digit < 0) return unexpected("in \\u hexadecimal character escape");
      into = into * 16 + static_cast<uint32_t>(digit);
      advance();
    }
    return true;
  }

  bool unicode_escape(std::string& into) {
    uint32_t code_point = 0;
    if (!hex4(code_point)) return false;
    if (code_point >= 0xD800 && code_point < 0xDC00 &&
        text_.substr(position_.byte).starts_with("\\u")) {
      const SourcePosition before = position_;
      uint32_t low = 0;
      advance();
      if (!hex4(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      } else {
        position_ = before;
      }
    }
    // Half of a surrogate pair stands for no character: U+FFFD, as other readers do.
    if (code_point >= 0xD800 && code_point < 0xE000) code_point = 0xFFFD;
    append_utf8(into, code_point);
    return true;
  }

  bool array(Node& into, int depth) {
    into.kind = NodeKind::Array;
    advance();
    skip_space();
    if (peek() == ']') {
      advance();
      return true;
    }
    while (true) {
      if (!value(into.elements.emplace_back(), depth + 1)) return false;
      skip_space();
      if (peek() == ']') break;
      if (peek() != ',') {
        return missing_comma("after array element");
      }
      const SourcePosition comma = position_;
      advance();
      skip_space();
      if (peek() == ']') return trailing_comma(comma, "looking for beginning of value");
    }
    into.elements.shrink_to_fit();  // large variable files stay in memory while planning
    advance();
    return true;
  }

  bool object(Node& into, int depth) {
    into.kind = NodeKind::Object;
    advance();
    skip_space();
    if (peek() == '}') {
      advance();
      return true;
    }
    while (true) {
      if (!member(into, depth)) return false;
      skip_space();
      if (peek() == '}') break;
      if (peek() != ',') return missing_comma("after object key:value pair");
      const SourcePosition comma = position_;
      advance();
      skip_space();
      if (peek() == '}') return trailing_comma(comma, "looking for beginning of object key string");
    }
    into.members.shrink_to_fit();
    advance();
    return true;
  }

  bool member(Node& into, int depth) {
    skip_space();
    if (peek() != '"') return unexpected("looking for beginning of object key string");
    Member& member = into.members.emplace_back();
    member.key_span.start = position_;
    if (!string(member.key)) return false;
    member.key_span.end = position_;
    skip_space();
    if (peek() != ':') return unexpected("after object key");
    advance();
    return value(member.value, depth + 1);
  }

  bool missing_comma(std::string_view where) {
    if (peek() == '"' || peek() == '{' || peek() == '[') {
      return fail(fmt::format("invalid character {} {}", quoted_here(), where),
                  "a comma is missing before this");
    }
    return unexpected(where);
  }

  bool trailing_comma(SourcePosition comma, std::string_view where) {
    SourcePosition after = comma;
    ++after.byte;
    ++after.column;
    return fail_at({comma, after}, fmt::format("invalid character {} {}", quoted_here(), where),
                   "JSON allows no comma after the last item: remove this one");
  }

  std::string_view text_;
  SyntaxError& error_;
  SourcePosition position_;
};

}  // namespace

std::optional<Node> parse_node(std::string_view text, SyntaxError& error) {
  if (text.size() > UINT32_MAX - 1) {
    error = {"the file is larger than 4 GiB", {}, {}};
    return std::nullopt;
  }
  Node root;
  if (!Parser(text, error).document(root)) return std::nullopt;
  return root;
}

std::optional<Node> parse_node(std::string_view text, const std::string& file,
                               Diagnostics& diagnostics) {
  SyntaxError error;
  std::optional<Node> root = parse_node(text, error);
  if (!root) {
    diagnostics.error("Error parsing JSON", error.describe(text),
                      SourceRange{file, error.span.start, error.span.end}, error.hint);
  }
  return root;
}

std::optional<Document> parse_document(std::string text, std::string file, SyntaxError& error) {
  std::optional<Node> root = parse_node(text, error);
  if (!root) return std::nullopt;
  return Document{std::move(file), std::move(text), std::move(*root)};
}

std::optional<Document> parse_document(std::string text, std::string file,
                                       Diagnostics& diagnostics) {
  std::optional<Node> root = parse_node(text, file, diagnostics);
  if (!root) return std::nullopt;
  return Document{std::move(file), std::move(text), std::move(*root)};
}

}  // namespace farm::json
