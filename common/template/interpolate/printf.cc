#include "common/template/interpolate/printf.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "common/template/interpolate/quote.h"

namespace farm::interpolate {
namespace {

// Go's own limit of width and precision is a million; more than a line of text is no formatting.
constexpr int kMaxWidth = 1000;

struct Flags {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  std::optional<int> width;
  std::optional<int> precision;
};

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string padded(std::string text, const Flags& flags, bool zeros = false) {
  const auto width = static_cast<size_t>(flags.width.value_or(0));
  if (width == 0) return text;
  const size_t size = count_characters(text);
  if (size >= width) return text;
  if (flags.minus) return text + std::string(width - size, ' ');
  if (zeros && flags.zero) {
    const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ');
    text.insert(has_sign ? 1 : 0, width - size, '0');
    return text;
  }
  return std::string(width - size, ' ') + text;
}

std::string go_syntax(const Cell& cell);

template <class Elements, class Show>
std::string braced(std::string head, const Elements& elements, const Show& show) {
  bool first = true;
  for (const auto& element : elements) {
    if (!first) head += ", ";
    first = false;
    head += show(element);
  }
  return head + "}";
}

/// %#v
std::string go_syntax(const Cell& cell) {
  if (const std::string* s = cell.string()) return quote(*s);
  if (const Cell::List* list = cell.elements()) {
    return braced("[]interface {}{", *list, go_syntax);
  }
  if (const Cell::Map* map = cell.entries()) {
    return braced("map[string]interface {}{", *map, [](const auto& entry) {
      return quote(entry.first) + ":" + go_syntax(entry.second);
    });
  }
  return cell.str();
}

std::string wrong_verb(char32_t verb, const Cell& cell) {
  std::string text = "%!";
  append_code_point(text, verb);
  if (cell.is_nothing()) return text + "(<nil>)";
  return text + "(" + cell.type_name() + "=" + cell.str() + ")";
}

std::string cut(const std::string& text, std::optional<int> precision) {
  if (!precision) return text;
  size_t at = 0;
  for (int i = 0; i < *precision && at < text.size(); ++i) at += code_point_at(text, at).length;
  return text.substr(0, at);
}

std::string hex_text(const std::string& text, bool upper, const Flags& flags) {
  const size_t size =
      flags.precision ? std::min(text.size(), static_cast<size_t>(*flags.precision)) : text.size();
  const std::string_view prefix = flags.sharp ? (upper ? "0X" : "0x") : "";
  std::string hex(size > 0 ? prefix : "");
  for (size_t i = 0; i < size; ++i) {
    if (flags.space && i > 0) hex += ' ';
    if (flags.space && i > 0) hex += prefix;
    const auto byte = static_cast<unsigned char>(text[i]);
    hex += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  return hex;
}

std::string format_string(const std::string& text, char32_t verb, const Flags& flags,
                          const Cell& cell) {
  switch (verb) {
    case 'v':
      if (flags.sharp) return padded(quote(text), flags);
      [[fallthrough]];
    case 's':
      return padded(cut(text, flags.precision), flags);
    case 'q': {
      const std::string shown = cut(text, flags.precision);
      const bool raw = flags.sharp && shown.find('`') == std::string::npos &&
                       shown.find('\n') == std::string::npos;
      return padded(raw ? "`" + shown + "`" : quote(shown, flags.plus), flags);
    }
    case 'x':
    case 'X':
      return padded(hex_text(text, verb == 'X', flags), flags);
    default:
      return wrong_verb(verb, cell);
  }
}

std::string character_literal(int64_t code, bool ascii_only) {
  std::string character;
  append_code_point(character, code < 0 || code > 0x10FFFF ? 0xFFFD : static_cast<uint32_t>(code));
  if (character == "'") return "'\\''";
  if (character == "\"") return "'\"'";
  const std::string quoted = quote(character, ascii_only);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

std::string digits_of(uint64_t magnitude, int base) {
  if (base == 2) return fmt::format("{:b}", magnitude);
  if (base == 8) return fmt::format("{:o}", magnitude);
  if (base == 16) return fmt::format("{:x}", magnitude);
  return fmt::format("{}", magnitude);
}

std::string format_based(int64_t number, int base, std::string_view prefix, const Flags& flags) {
  const uint64_t magnitude =
      number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  std::string digits = digits_of(magnitude, base);
  if (flags.precision && digits.size() < static_cast<size_t>(*flags.precision)) {
    digits.insert(0, static_cast<size_t>(*flags.precision) - digits.size(), '0');
  }
  digits.insert(0, prefix);
  if (number < 0) {
    digits.insert(0, "-");
  } else if (flags.plus) {
    digits.insert(0, "+");
  } else if (flags.space) {
    digits.insert(0, " ");
  }
  return padded(std::move(digits), flags, !flags.precision);
}

std::string format_integer(int64_t number, char32_t verb, const Flags& flags, const Cell& cell) {
  switch (verb) {
    case 'v':
    case 'd':
      return format_based(number, 10, "", flags);
    case 'b':
      return format_based(number, 2, flags.sharp ? "0b" : "", flags);
    case 'o':
      return format_based(number, 8, flags.sharp ? "0" : "", flags);
    case 'O':
      return format_based(number, 8, "0o", flags);
    case 'x':
      return format_based(number, 16, flags.sharp ? "0x" : "", flags);
    case 'X': {
      std::string text = format_based(number, 16, flags.sharp ? "0x" : "", flags);
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      return text;
    }
    case 'c': {
      std::string character;
      append_code_point(character,
                        number < 0 || number > 0x10FFFF ? 0xFFFD : static_cast<uint32_t>(number));
      return padded(std::move(character), flags);
    }
    case 'q':
      return padded(character_literal(number, flags.plus), flags);
    case 'U':
      return padded(fmt::format("U+{:04X}", static_cast<uint64_t>(number)), flags);
    default:
      return wrong_verb(verb, cell);
  }
}

std::string format_double(double number, char32_t verb, const Flags& flags, const Cell& cell) {
  const bool upper = verb == 'E' || verb == 'G';
  char style = 'g';
  if (verb == 'e' || verb == 'E') style = 'e';
  if (verb == 'f' || verb == 'F') style = 'f';
  if (style == 'g' && verb != 'g' && verb != 'G' && verb != 'v') return wrong_verb(verb, cell);
  const int precision = flags.precision.value_or(style == 'g' ? -1 : 6);
  std::string text = format_real(number, style, precision);
  if (upper) std::replace(text.begin(), text.end(), 'e', 'E');
  if (text[0] != '-' && text[0] != '+') {
    if (flags.plus) {
      text.insert(0, "+");
    } else if (flags.space) {
      text.insert(0, " ");
    }
  }
  return padded(std::move(text), flags, true);
}

std::string format_cell(const Cell& cell, char32_t verb, const Flags& flags) {
  if (verb == 'T') return padded(cell.type_name(), flags);
  if (cell.is_nothing()) return verb == 'v' ? padded("<nil>", flags) : wrong_verb(verb, cell);
  if (const bool* b = cell.boolean()) {
    return verb == 't' || verb == 'v' ? padded(*b ? "true" : "false", flags)
                                      : wrong_verb(verb, cell);
  }
  if (const int64_t* i = cell.integer()) return format_integer(*i, verb, flags, cell);
  if (const double* d = cell.real()) return format_double(*d, verb, flags, cell);
  if (const std::string* s = cell.string()) return format_string(*s, verb, flags, cell);
  if (verb == 'v' && flags.sharp) return go_syntax(cell);
  std::string text;
  if (const Cell::List* list = cell.elements()) {
    for (const Cell& element : *list) {
      text += (text.empty() ? "[" : " ") + format_cell(element, verb, flags);
    }
    return (text.empty() ? "[" : text) + "]";
  }
  text = "map[";
  for (const auto& [key, element] : *cell.entries()) {
    text += (text.size() == 4 ? "" : " ") + format_cell(Cell(key), verb, flags) + ":" +
            format_cell(element, verb, flags);
  }
  return text + "]";
}

/// One run over a format.
class Formatter {
 public:
  Formatter(std::string_view format, std::span<const Cell> operands)
      : format_(format), operands_(operands) {}

  std::string run() {
    while (at_ < format_.size()) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ < format_.size()) verb();
    }
    if (!reordered_ && next_ < operands_.size()) extra();
    return std::move(out_);
  }

 private:
  char peek() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  void extra() {
    out_ += "%!(EXTRA ";
    for (size_t i = next_; i < operands_.size(); ++i) {
      if (i > next_) out_ += ", ";
      const Cell& cell = operands_[i];
      out_ += cell.is_nothing() ? "<nil>" : fmt::format("{}={}", cell.type_name(), cell.str());
    }
    out_ += ")";
  }

  void verb() {
    ++at_;
    Flags flags = read_flags();
    bad_index_ = false;
    index();
    flags.width = amount("%!(BADWIDTH)", flags);
    if (peek() == '.') {
      ++at_;
      index();
      Flags ignored;
      flags.precision = amount("%!(BADPREC)", ignored).value_or(0);
      if (ignored.minus) flags.precision.reset();
    }
    index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const CodePoint point = code_point_at(format_, at_);
    at_ += point.length;
    finish(point.value, flags);
  }

  void finish(char32_t verb, const Flags& flags) {
    if (verb == '%') {
      out_ += '%';
      return;
    }
    if (bad_index_ || next_ >= operands_.size()) {
      out_ += "%!";
      append_code_point(out_, verb);
      out_ += bad_index_ ? "(BADINDEX)" : "(MISSING)";
      return;
    }
    out_ += format_cell(operands_[next_++], verb, flags);
  }

  Flags read_flags() {
    Flags flags;
    for (;; ++at_) {
      switch (peek()) {
        case '-':
          flags.minus = true;
          break;
        case '+':
          flags.plus = true;
          break;
        case '#':
          flags.sharp = true;
          break;
        case ' ':
          flags.space = true;
          break;
        case '0':
          flags.zero = true;
          break;
        default:
          return flags;
      }
    }
  }

  std::optional<int> number() {
    std::optional<int> value;
    while (peek() >= '0' && peek() <= '9') {
      value = std::min(value.value_or(0) * 10 + (peek() - '0'), 1'000'000);
      ++at_;
    }
    return value;
  }

  /// Width or precision: digits or `*`.
  std::optional<int> amount(std::string_view problem, Flags& flags) {
    std::optional<int> value;
    if (peek() == '*') {
      ++at_;
      const int64_t* operand =
          next_ < operands_.size() && !bad_index_ ? operands_[next_].integer() : nullptr;
      if (next_ < operands_.size()) ++next_;
      if (operand == nullptr || *operand > kMaxWidth || *operand < -kMaxWidth) {
        out_ += problem;
        return std::nullopt;
      }
      value = static_cast<int>(*operand);
      if (*value < 0) {
        flags.minus = true;
        value = -*value;
      }
      return value;
    }
    value = number();
    if (value && *value > kMaxWidth) {
      out_ += problem;
      return std::nullopt;
    }
    return value;
  }

  /// `[n]`: which operand comes next.
  void index() {
    if (peek() != '[') return;
    const size_t close = format_.find(']', at_);
    reordered_ = true;
    if (close == std::string_view::npos) {
      bad_index_ = true;
      ++at_;
      return;
    }
    ++at_;
    const std::optional<int> chosen = number();
    bad_index_ = !chosen || at_ != close || *chosen < 1 ||
                 static_cast<size_t>(*chosen) > operands_.size();
    if (!bad_index_) next_ = static_cast<size_t>(*chosen - 1);
    at_ = close + 1;
  }

  std::string_view format_;
  std::span<const Cell> operands_;
  std::string out_;
  size_t at_ = 0;
  size_t next_ = 0;
  bool reordered_ = false;
  bool bad_index_ = false;
};

}  // namespace

std::string sprint(std::span<const Cell> operands) {
  std::string text;
  for (size_t i = 0; i < operands.size(); ++i) {
    const bool spaced =
        i > 0 && operands[i].string() == nullptr && operands[i - 1].string() == nullptr;
    if (spaced) text += ' ';
    text += operands[i].str();
  }
  return text;
}

std::string sprintln(std::span<const Cell> operands) {
  std::string text;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i > 0) text += ' ';
    text += operands[i].str();
  }
  return text + '\n';
}

std::string sprintf(std::string_view format, std::span<const Cell> operands) {
  return Formatter(format, operands).run();
}

}  // namespace farm::interpolate
