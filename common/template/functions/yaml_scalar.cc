#include "common/template/functions/yaml_scalar.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/time_parse.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace farm::functions {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_null_word(std::string_view text) {
  return is_one_of(text, {"", "~", "null", "Null", "NULL"});
}

std::optional<bool> bool_word(std::string_view text) {
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"})) {
    return true;
  }
  if (is_one_of(text,
                {"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"})) {
    return false;
  }
  return std::nullopt;
}

bool all_in(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

// Sign, prefix of the base, digits with any underscores between.
std::optional<Number> integer_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  const bool sign = negative || text.starts_with('+');
  if (!sign && !all_in(text.substr(0, 1), "0123456789")) return std::nullopt;
  if (sign) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  else if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (!all_in(digits, base == 16 ? "0123456789abcdef" : base == 8 ? "01234567" : "0123456789")) {
    return std::nullopt;
  }
  Result<Number> number = Number::parse_digits(digits, base);
  if (!number) return std::nullopt;
  return negative ? -*number : *number;
}

std::optional<Number> infinity_word(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (is_one_of(text, {".inf", ".Inf", ".INF"})) return Number::infinity(negative);
  return std::nullopt;
}

// [-+]? digits with at most one point and at least one digit, then an optional exponent.
bool looks_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  size_t digits = 0;
  size_t points = 0;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      ++digits;
    } else if (text[i] != '.' || ++points > 1) {
      break;
    }
  }
  if (digits == 0) return false;
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  std::string_view exponent = text.substr(i + 1);
  if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
  return all_in(exponent, "0123456789");
}

std::optional<Number> number_of(std::string_view text) {
  if (std::optional<Number> integer = integer_of(text)) return integer;
  if (std::optional<Number> infinite = infinity_word(text)) return infinite;
  if (!looks_decimal(text)) return std::nullopt;
  // Forms that the template language itself does not write: a plus sign, a point at the end.
  std::string plain(text.starts_with('+') ? text.substr(1) : text);
  const size_t exponent = std::min(plain.find_first_of("eE"), plain.size());
  if (exponent > 0 && plain[exponent - 1] == '.') plain.erase(exponent - 1, 1);
  Result<Number> number = Number::parse(plain);
  if (!number) return std::nullopt;
  return std::move(number).value();
}

Result<Value> plain_scalar(const std::string& text) {
  if (is_null_word(text)) return Value::null();
  if (std::optional<bool> word = bool_word(text)) return Value::boolean(*word);
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return invalid_input("floating point NaN is not supported");
  }
  if (std::optional<Number> number = number_of(text)) return Value::number(std::move(*number));
  if (std::optional<std::string> time = yaml_timestamp(text)) return Value::string(*time);
  return Value::string(text);
}

}  // namespace

Result<Value> yaml_scalar(const std::string& text, const std::string& tag) {
  if (tag.empty() || tag == "?") return plain_scalar(text);
  if (tag == "!") return Value::string(text);
  const std::string_view kind =
      tag.starts_with(kTagPrefix) ? std::string_view(tag).substr(kTagPrefix.size()) : "";
  if (kind == "str" || kind == "binary") return Value::string(text);
  if (kind == "null") return Value::null();
  if (kind == "bool") {
    if (std::optional<bool> word = bool_word(text)) return Value::boolean(*word);
  } else if (kind == "int" || kind == "float") {
    std::optional<Number> number = number_of(text);
    if (number && (kind == "float" || number->is_integer())) return Value::number(*number);
  } else if (kind == "timestamp") {
    if (std::optional<std::string> time = yaml_timestamp(text)) return Value::string(*time);
  } else {
    return invalid_input(fmt::format("unsupported tag {}", quoted(tag)));
  }
  return invalid_input(fmt::format("cannot parse {} as {}", quoted(text), tag));
}

}  // namespace farm::functions
