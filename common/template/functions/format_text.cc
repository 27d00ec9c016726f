#include "common/template/functions/format_text.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <algorithm>

#include <fmt/format.h>
#include <mpfr.h>

namespace farm::functions {
namespace {

// Far above any use; a template must not make us allocate gigabytes of blanks.
constexpr size_t kLargestWidth = 100'000;
constexpr mpfr_prec_t kNumberBits = 512;  // precision of the template language's numbers

struct Verb {
  std::string text;  // as written, for messages
  size_t offset = 0;
  size_t argument = 1;  // 1-based
  bool explicit_argument = false;
  bool plus = false;
  bool minus = false;
  bool zero = false;
  bool space = false;
  bool sharp = false;
  std::optional<size_t> width;
  std::optional<size_t> precision;
  char mode = 0;
};

using Formatted = Result<std::string>;

// Scans one verb; the position is just behind its `%`.
class VerbScanner {
 public:
  VerbScanner(std::string_view layout, size_t at) : layout_(layout), at_(at) {}

  Result<Verb> scan() {
    Verb verb;
    verb.offset = at_ - 1;
    while (flag(verb)) ++at_;
    verb.width = number();
    if (peek() == '.') {
      ++at_;
      verb.precision = number().value_or(0);
    }
    if (std::max(verb.width.value_or(0), verb.precision.value_or(0)) > kLargestWidth) {
      return invalid_input(
          fmt::format("width or precision over {} at offset {}", kLargestWidth, verb.offset));
    }
    if (peek() == '[') {
      TRY(argument_index(verb));
    }
    if (!(peek() >= 'a' && peek() <= 'z') && !(peek() >= 'A' && peek() <= 'Z')) {
      return unexpected();
    }
    verb.mode = layout_[at_++];
    verb.text = layout_.substr(verb.offset, at_ - verb.offset);
    return verb;
  }

  size_t position() const { return at_; }

 private:
  char peek() const { return at_ < layout_.size() ? layout_[at_] : '\0'; }

  bool flag(Verb& verb) const {
    switch (peek()) {
      case '+':
        return verb.plus = true;
      case '-':
        return verb.minus = true;
      case '0':
        return verb.zero = true;
      case ' ':
        return verb.space = true;
      case '#':
        return verb.sharp = true;
      default:
        return false;
    }
  }

  std::optional<size_t> number() {
    if (peek() < '0' || peek() > '9') return std::nullopt;
    size_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      value = std::min(value * 10 + static_cast<size_t>(peek() - '0'), kLargestWidth + 1);
    }
    return value;
  }

  Result<void> argument_index(Verb& verb) {
    ++at_;
    if (peek() < '1' || peek() > '9') return unexpected();
    verb.argument = number().value_or(1);
    verb.explicit_argument = true;
    if (peek() != ']') return unexpected();
    ++at_;
    return {};
  }

  Error unexpected() const {
    if (at_ >= layout_.size()) {
      return invalid_input(fmt::format("invalid format string starting at offset {}", at_));
    }
    const std::vector<Rune> rest = runes(layout_.substr(at_, 4));
    return invalid_input(
        fmt::format("unrecognized format character '{}' at offset {}", rest[0].bytes, at_));
  }

  std::string_view layout_;
  size_t at_;
};

std::string padded(const std::string& text, const Verb& verb) {
  const size_t length = graphemes(text).size();
  if (verb.width.value_or(0) <= length) return text;
  const std::string fill(*verb.width - length, verb.zero ? '0' : ' ');
  return verb.minus ? text + fill : fill + text;
}

// Sign and padding of a number whose digits are given without a sign. Zeros stand between sign
// (or base prefix) and digits, unless `zeros` is off.
std::string signed_number(bool negative, std::string_view prefix, const std::string& digits,
                          const Verb& verb, bool zeros) {
  std::string sign = negative ? "-" : verb.plus ? "+" : verb.space ? " " : "";
  sign += prefix;
  const size_t length = sign.size() + digits.size();
  const size_t missing = verb.width.value_or(0) > length ? *verb.width - length : 0;
  if (verb.minus) return sign + digits + std::string(missing, ' ');
  if (verb.zero && zeros) return sign + std::string(missing, '0') + digits;
  return std::string(missing, ' ') + sign + digits;
}

int base_of(char mode) {
  return mode == 'b' ? 2 : mode == 'o' ? 8 : mode == 'd' ? 10 : 16;
}

std::string_view base_prefix(char mode) {
  switch (mode) {
    case 'b':
      return "0b";
    case 'o':
      return "0";
    case 'x':
      return "0x";
    case 'X':
      return "0X";
    default:
      return "";
  }
}

Formatted format_integer(const Number& number, const Verb& verb) {
  if (!number.is_integer() || number.is_infinite()) return invalid_input("an integer is required");
  std::string digits = (number.sign() < 0 ? -number : number).integer_digits(base_of(verb.mode));
  if (verb.mode == 'X') {
    for (char& c : digits) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (verb.precision.value_or(0) > digits.size()) {
    digits.insert(0, *verb.precision - digits.size(), '0');
  }
  return signed_number(number.sign() < 0, verb.sharp ? base_prefix(verb.mode) : "", digits, verb,
                       !verb.precision);
}

std::string exponent_text(int64_t exponent, char letter) {
  return fmt::format("{}{}{:02}", letter, exponent < 0 ? '-' : '+',
                     exponent < 0 ? -exponent : exponent);
}

// The shortest digits that give `number` back, in plain or exponent form as Go's %g chooses.
std::string shortest(const Number& number, char mode) {
  std::string plain = number.str();
  if (plain.front() == '-') plain.erase(0, 1);
  const size_t point = std::min(plain.find('.'), plain.size());
  std::string digits = plain.substr(0, point);
  if (point < plain.size()) digits += plain.substr(point + 1);
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  const int64_t exponent = static_cast<int64_t>(point) - static_cast<int64_t>(first) - 1;
  constexpr int64_t kSmallestPlain = -4;
  constexpr int64_t kFirstLarge = 6;
  if (exponent >= kSmallestPlain && exponent < kFirstLarge) return plain;
  digits = digits.substr(first, digits.find_last_not_of('0') - first + 1);
  std::string out = digits.substr(0, 1);
  if (digits.size() > 1) out += "." + digits.substr(1);
  return out + exponent_text(exponent, mode == 'G' ? 'E' : 'e');
}

// Digits to a given precision, rounded from the exact binary value.
std::string rounded(const Number& number, char mode, size_t precision) {
  mpfr_t exact;
  mpfr_init2(exact, kNumberBits);
  mpfr_set_str(exact, number.str().c_str(), 10, MPFR_RNDN);
  mpfr_abs(exact, exact, MPFR_RNDN);
  const char layout[] = {'%', '.', '*', 'R', 'N', mode, '\0'};
  char* printed = nullptr;
  std::string out;
  if (mpfr_asprintf(&printed, layout, static_cast<int>(precision), exact) >= 0) {
    out = printed;
    mpfr_free_str(printed);
  }
  mpfr_clear(exact);
  return out;
}

Formatted format_float(const Number& number, const Verb& verb) {
  const bool negative = number.sign() < 0;
  if (number.is_infinite()) {
    Verb plain = verb;
    plain.plus = true;
    return signed_number(negative, "", "Inf", plain, false);
  }
  constexpr size_t kDefaultPrecision = 6;
  const bool general = verb.mode == 'g' || verb.mode == 'G';
  const bool shortest_form = verb.mode == 'v' || (general && !verb.precision);
  const std::string digits =
      shortest_form ? shortest(number, verb.mode)
                    : rounded(number, verb.mode, verb.precision.value_or(kDefaultPrecision));
  return signed_number(negative, "", digits, verb, true);
}

Result<Number> number_of(const Value& v) {
  const Value converted = TRY(value::convert(v, Type::number()));
  return converted.as_number();
}

Formatted format_string(const Value& v, const Verb& verb) {
  const Value converted = TRY(value::convert(v, Type::string()));
  std::string text = converted.as_string();
  if (verb.precision && verb.mode != 'v') {
    const std::vector<std::string_view> characters = graphemes(text);
    if (*verb.precision < characters.size()) {
      size_t length = 0;
      for (size_t i = 0; i < *verb.precision; ++i) length += characters[i].size();
      text.resize(length);
    }
  }
  if (verb.mode == 'q') text = TRY(value::to_json(Value::string(text)));
  return padded(text, verb);
}

Formatted format_default(const Value& v, const Verb& verb) {
  if (!verb.sharp && !v.is_null()) {
    if (v.type().kind() == value::Kind::Number) return format_float(v.as_number(), verb);
    if (v.type().kind() == value::Kind::String) return format_string(v, verb);
  }
  if (v.is_null()) return padded("null", verb);
  const std::string json = TRY(value::to_json(v));
  return padded(json, verb);
}

Formatted format_value(const Value& v, const Verb& verb) {
  if (verb.mode != 'v' && v.is_null()) return invalid_input("null value cannot be formatted");
  switch (verb.mode) {
    case 'v':
      return format_default(v, verb);
    case 't': {
      const Value converted = TRY(value::convert(v, Type::boolean()));
      return std::string(converted.as_bool() ? "true" : "false");
    }
    case 'b':
    case 'd':
    case 'o':
    case 'x':
    case 'X': {
      const Number number = TRY(number_of(v));
      return format_integer(number, verb);
    }
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G': {
      const Number number = TRY(number_of(v));
      return format_float(number, verb);
    }
    default:
      return format_string(v, verb);
  }
}

bool known_mode(char mode) {
  return std::string_view("vtbdoxXeEfgGsq").find(mode) != std::string_view::npos;
}

FunctionError about_call(std::string message) {
  return {std::move(message), std::nullopt};
}

}  // namespace

std::variant<std::string, FunctionError> format_text(std::string_view layout, Arguments arguments) {
  std::string out;
  size_t next_argument = 1;
  size_t highest_argument = 0;
  for (size_t at = 0; at < layout.size();) {
    const size_t percent = std::min(layout.find('%', at), layout.size());
    out += layout.substr(at, percent - at);
    at = percent + 1;
    if (percent == layout.size()) break;
    if (layout.substr(at, 1) == "%") {
      out += '%';
      ++at;
      continue;
    }
    VerbScanner scanner(layout, at);
    Result<Verb> scanned = scanner.scan();
    if (!scanned) return about_call(std::move(scanned).error().message);
    Verb& verb = *scanned;
    at = scanner.position();
    if (!verb.explicit_argument) verb.argument = next_argument;
    next_argument = verb.argument + 1;
    highest_argument = std::max(highest_argument, verb.argument);
    if (verb.argument > arguments.size()) {
      return about_call(
          fmt::format("not enough arguments for {} at {}: need index {} but have {} total",
                      quoted(verb.text), verb.offset, verb.argument, arguments.size()));
    }
    if (!known_mode(verb.mode)) {
      return about_call(fmt::format("unsupported format verb '{}' in {} at offset {}", verb.mode,
                                    quoted(verb.text), verb.offset));
    }
    Formatted text = format_value(arguments[verb.argument - 1], verb);
    if (!text) {
      return about_call(fmt::format("unsupported value for {} at {}: {}", quoted(verb.text),
                                    verb.offset, text.error().message));
    }
    out += *text;
  }
  if (highest_argument == 0 && !arguments.empty()) {
    return FunctionError{"too many arguments; no verbs in format string", 1};
  }
  if (highest_argument < arguments.size()) {
    return FunctionError{
        fmt::format("too many arguments; only {} used by format string", highest_argument),
        highest_argument + 1};
  }
  return out;
}

}  // namespace farm::functions
