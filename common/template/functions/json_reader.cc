#include "common/template/functions/json_reader.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <fmt/format.h>

namespace farm::functions {
namespace {

constexpr int32_t kReplacement = 0xFFFD;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Value> document() {
    skip_space();
    if (done()) return invalid_input("EOF");
    Value v = TRY(any(0));
    skip_space();
    if (!done()) return invalid_input("extraneous data after JSON object");
    return v;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }

  void skip_space() {
    while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }

  // "invalid character 'x' looking for beginning of value". The end of the text is "EOF" between
  // tokens and "unexpected EOF" inside of one, as users of Packer read it.
  Error unexpected(std::string_view where, std::string_view at_end = "EOF") const {
    if (done()) return invalid_input(std::string(at_end));
    const std::vector<Rune> rest = runes(text_.substr(at_, 4));
    return invalid_input(fmt::format("invalid character '{}'{}", rest[0].bytes, where));
  }
  Error broken_token(std::string_view where) const { return unexpected(where, "unexpected EOF"); }

  Result<Value> any(int depth) {
    if (depth > kJsonDepthLimit) {
      return invalid_input(fmt::format("JSON is nested deeper than {} levels", kJsonDepthLimit));
    }
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"': {
        std::string text = TRY(string());
        return Value::string(std::move(text));
      }
      case 't':
        return word("true", Value::boolean(true));
      case 'f':
        return word("false", Value::boolean(false));
      case 'n':
        return word("null", Value::null());
      default:
        if (peek() == '-' || is_digit(peek())) return number();
        return unexpected(" looking for beginning of value");
    }
  }

  Result<Value> word(std::string_view literal, Value meaning) {
    for (const char c : literal) {
      if (peek() != c) {
        return broken_token(fmt::format(" in literal {} (expecting '{}')", literal, c));
      }
      ++at_;
    }
    return meaning;
  }

  Result<void> digits(std::string_view where) {
    if (!is_digit(peek())) return broken_token(where);
    while (is_digit(peek())) ++at_;
    return {};
  }

  Result<Value> number() {
    const size_t start = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else {
      TRY(digits(" in numeric literal"));
    }
    if (peek() == '.') {
      ++at_;
      TRY(digits(" after decimal point in numeric literal"));
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      TRY(digits(" in exponent of numeric literal"));
    }
    Number parsed = TRY(Number::parse(text_.substr(start, at_ - start)));
    return Value::number(std::move(parsed));
  }

  Result<int32_t> hex4() {
    int32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      int32_t digit = 0;
      if (is_digit(c)) {
        digit = c - '0';
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = (c | 0x20) - 'a' + 10;
      } else {
        return broken_token(" in \\u hexadecimal character escape");
      }
      code = code * 16 + digit;
    }
    return code;
  }

  // A surrogate without its other half reads as U+FFFD.
  Result<void> unicode_escape(std::string& out) {
    const int32_t first = TRY(hex4());
    if (first < 0xD800 || first > 0xDFFF) {
      append_rune(out, first);
      return {};
    }
    if (first < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t before = at_;
      at_ += 2;
      const int32_t second = TRY(hex4());
      if (second >= 0xDC00 && second <= 0xDFFF) {
        append_rune(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
        return {};
      }
      at_ = before;
    }
    append_rune(out, kReplacement);
    return {};
  }

  Result<void> escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = peek();
    if (letter == 'u') {
      ++at_;
      return unicode_escape(out);
    }
    const size_t index = kLetters.find(letter);
    if (done() || index == std::string_view::npos) return broken_token(" in string escape code");
    out += kMeanings[index];
    ++at_;
    return {};
  }

  Result<std::string> string() {
    std::string out;
    for (++at_; peek() != '"';) {
      if (done() || static_cast<unsigned char>(peek()) < 0x20) {
        return broken_token(" in string literal");
      }
      if (peek() != '\\') {
        out += text_[at_++];
        continue;
      }
      ++at_;
      TRY(escape(out));
    }
    ++at_;
    if (!is_utf8(out)) return invalid_input("invalid UTF-8 in string literal");
    return out;
  }

  Result<Value> array(int depth) {
    Value::List elements;
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return Value::tuple({});
    }
    while (true) {
      skip_space();
      Value element = TRY(any(depth + 1));
      elements.push_back(std::move(element));
      skip_space();
      if (peek() == ']') break;
      if (peek() != ',') return unexpected(" after array element");
      ++at_;
    }
    ++at_;
    return Value::tuple(std::move(elements));
  }

  Result<Value> object(int depth) {
    Value::Map attributes;
    ++at_;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return Value::object({});
    }
    while (true) {
      skip_space();
      if (peek() != '"') {
        return unexpected(attributes.empty() ? "" : " looking for beginning of object key string");
      }
      std::string key = TRY(string());
      skip_space();
      if (peek() != ':') return unexpected(" after object key");
      ++at_;
      skip_space();
      Value element = TRY(any(depth + 1));
      // Keys are NFC text like every string of the language.
      attributes.insert_or_assign(Value::string(std::move(key)).as_string(), std::move(element));
      skip_space();
      if (peek() == '}') break;
      if (peek() != ',') return unexpected(" after object key:value pair");
      ++at_;
    }
    ++at_;
    return Value::object(std::move(attributes));
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<Value> read_json(std::string_view text) {
  return Reader(text).document();
}

}  // namespace farm::functions
