#include "common/template/functions/yaml_writer.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <fmt/format.h>

namespace farm::functions {
namespace {

constexpr int kIndentStep = 2;
constexpr int kLineWidth = 80;             // a double-quoted text folds at spaces past this column
constexpr size_t kLongestSimpleKey = 128;  // bytes; YAML 1.1 processors look no further for a colon
constexpr int32_t kNextLine = 0x85;
constexpr int32_t kLineSeparator = 0x2028;
constexpr int32_t kParagraphSeparator = 0x2029;
constexpr int32_t kByteOrderMark = 0xFEFF;

bool is_break(int32_t code) {
  return code == '\n' || code == '\r' || code == kNextLine || code == kLineSeparator ||
         code == kParagraphSeparator;
}

// What the original counts as printable: nothing above the basic plane.
bool is_printable(int32_t code) {
  return code == '\n' || (code >= 0x20 && code <= 0x7E) ||
         (code >= 0xA0 && code <= 0xFFFD && code != kByteOrderMark);
}

// What the choice of style depends on.
struct Analysis {
  bool multiline = false;
  bool block_allowed = true;
};

Analysis analyse(const std::vector<Rune>& text) {
  Analysis analysis;
  bool after_space = false;
  for (const Rune& rune : text) {
    if (is_break(rune.code)) analysis.multiline = true;
    if (!is_printable(rune.code) || (is_break(rune.code) && after_space)) {
      analysis.block_allowed = false;
    }
    after_space = rune.code == ' ';
  }
  if (after_space) analysis.block_allowed = false;
  return analysis;
}

std::string escaped(int32_t code) {
  switch (code) {
    case 0:
      return "\\0";
    case 7:
      return "\\a";
    case '\b':
      return "\\b";
    case '\t':
      return "\\t";
    case '\n':
      return "\\n";
    case '\v':
      return "\\v";
    case '\f':
      return "\\f";
    case '\r':
      return "\\r";
    case 0x1B:
      return "\\e";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case kNextLine:
      return "\\N";
    case kLineSeparator:
      return "\\L";
    case kParagraphSeparator:
      return "\\P";
    default:
      if (code <= 0xFF) return fmt::format("\\x{:02X}", code);
      return code <= 0xFFFF ? fmt::format("\\u{:04X}", code) : fmt::format("\\U{:08X}", code);
  }
}

class Writer {
 public:
  std::string document(const Value& v) {
    indent_ = -1;
    node(v, false);
    end_line();
    if (plain_root(v)) out_ += "...\n";
    return std::move(out_);
  }

 private:
  static bool plain_root(const Value& v) {
    return v.is_null() || v.type().kind() == value::Kind::Bool ||
           v.type().kind() == value::Kind::Number;
  }

  void put(std::string_view text) {
    out_ += text;
    for (const char c : text) column_ += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  }
  void put_break() {
    out_ += '\n';
    column_ = 0;
  }
  void end_line() {
    if (column_ > 0) put_break();
  }

  // Goes to the start of a line at the current indentation, unless already there.
  void start_line() {
    const int indent = indent_ < 0 ? 0 : indent_;
    if (!only_indentation_ || column_ > indent || (column_ == indent && !after_blank_)) put_break();
    if (column_ < indent) put(std::string(static_cast<size_t>(indent - column_), ' '));
    after_blank_ = true;
    only_indentation_ = true;
  }

  void indicator(std::string_view text, bool needs_blank, bool indents) {
    if (needs_blank && !after_blank_) put(" ");
    put(text);
    after_blank_ = false;
    only_indentation_ = only_indentation_ && indents;
  }

  void plain(std::string_view text) {
    if (!after_blank_ && column_ > 0) put(" ");
    put(text);
    after_blank_ = false;
    only_indentation_ = false;
  }

  void node(const Value& v, bool mapping_value) {
    if (v.is_null()) return plain("null");
    switch (v.type().kind()) {
      case value::Kind::Bool:
        return plain(v.as_bool() ? "true" : "false");
      case value::Kind::Number:
        return plain(number_text(v.as_number()));
      case value::Kind::String:
        return text(v.as_string(), false);
      case value::Kind::Map:
      case value::Kind::Object:
        return mapping(v.entries());
      default:
        return sequence(v.elements(), mapping_value);
    }
  }

  static std::string number_text(const Number& number) {
    if (number.is_infinite()) return number.sign() < 0 ? "-Inf" : "+Inf";
    return number.str();
  }

  void sequence(const Value::List& elements, bool mapping_value) {
    if (elements.empty()) return plain("[]");
    const int outer = indent_;
    // A sequence right behind "key:" is not indented further.
    if (indent_ < 0) {
      indent_ = 0;
    } else if (!mapping_value || only_indentation_) {
      indent_ += kIndentStep;
    }
    for (const Value& element : elements) {
      start_line();
      indicator("-", true, true);
      node(element, false);
    }
    indent_ = outer;
  }

  void mapping(const Value::Map& entries) {
    if (entries.empty()) return plain("{}");
    const int outer = indent_;
    indent_ = indent_ < 0 ? 0 : indent_ + kIndentStep;
    for (const auto& [key, element] : entries) {
      start_line();
      if (!analyse(runes(key)).multiline && key.size() <= kLongestSimpleKey) {
        text(key, true);
        indicator(":", false, false);
      } else {
        indicator("?", true, true);
        text(key, false);
        start_line();
        indicator(":", true, true);
      }
      node(element, true);
    }
    indent_ = outer;
  }

  void text(const std::string& value, bool simple_key) {
    const int outer = indent_;
    indent_ = indent_ < 0 ? kIndentStep : indent_ + kIndentStep;
    const std::vector<Rune> all = runes(value);
    const bool block = value.find('\n') != std::string::npos && analyse(all).block_allowed;
    if (block && !simple_key) {
      literal(all);
    } else {
      double_quoted(all, simple_key);
    }
    indent_ = outer;
  }

  void double_quoted(const std::vector<Rune>& all, bool simple_key) {
    indicator("\"", true, false);
    bool after_space = false;
    for (size_t i = 0; i < all.size(); ++i) {
      const int32_t code = all[i].code;
      const bool special = !is_printable(code) || is_break(code) || code == '"' || code == '\\';
      const bool inside = i > 0 && i + 1 < all.size();
      if (special) {
        put(escaped(code));
      } else if (code == ' ' && !simple_key && !after_space && column_ > kLineWidth && inside) {
        start_line();
        if (all[i + 1].code == ' ') put("\\");
      } else {
        put(all[i].bytes);
      }
      after_space = code == ' ';
      if (!after_space) only_indentation_ = after_blank_ = false;
    }
    indicator("\"", false, false);
  }

  void literal(const std::vector<Rune>& all) {
    indicator("|", true, false);
    if (all.front().code == ' ' || is_break(all.front().code)) put(fmt::format("{}", kIndentStep));
    if (!is_break(all.back().code)) {
      put("-");
    } else if (all.size() == 1 || is_break(all[all.size() - 2].code)) {
      put("+");
    }
    put_break();
    only_indentation_ = after_blank_ = true;
    bool line_start = true;
    for (const Rune& rune : all) {
      if (is_break(rune.code)) {
        if (rune.code == '\n') {
          put_break();
        } else {
          out_ += rune.bytes;
          column_ = 0;
        }
        line_start = only_indentation_ = true;
        continue;
      }
      if (line_start) start_line();
      put(rune.bytes);
      line_start = only_indentation_ = false;
    }
  }

  std::string out_;
  int indent_ = -1;
  int column_ = 0;
  bool after_blank_ = true;       // what stands before needs no blank behind it
  bool only_indentation_ = true;  // nothing but indentation and indicators on this line
};

}  // namespace

std::string write_yaml(const Value& v) {
  return Writer().document(v);
}

}  // namespace farm::functions
