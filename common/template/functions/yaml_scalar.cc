#include "common/template/functions/yaml_scalar.h"

#include "common/template/functions/base64.h"
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
  if (text.empty()) return std::nullopt;
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

// A text that begins like a word or number of YAML. Others are text, whatever their tag says about
// quotes.
bool has_meaning(std::string_view text) {
  return text.empty() || std::string_view("yYnNtTfFoO~.+-0123456789").find(text[0]) !=
                             std::string_view::npos;
}

Result<Value> cannot_parse(const std::string& text, const std::string& tag) {
  return invalid_input(fmt::format("cannot parse {} as {}", quoted(text), tag));
}

// What a text without a tag of its own means; nothing when it is just text.
Result<std::optional<Value>> meaning(const std::string& text, bool tagged) {
  std::optional<Value> found;
  if (is_null_word(text)) {
    found = Value::null();
  } else if (std::optional<bool> word = bool_word(text)) {
    found = Value::boolean(*word);
  } else if (!tagged && is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return invalid_input("floating point NaN is not supported");
  } else if (std::optional<Number> number = number_of(text)) {
    found = Value::number(std::move(*number));
  }
  return found;
}

Result<Value> tagged_scalar(const std::string& text, const std::string& tag,
                            std::string_view kind) {
  if (kind == "str") return Value::string(text);
  if (kind == "binary") {
    if (!base64_decode(text)) {
      return invalid_input(
          fmt::format("cannot parse {} as {}: not valid base64", quoted(text), tag));
    }
    return Value::string(text);
  }
  if (kind == "null") return Value::null();
  if (kind == "int" || kind == "float") {
    std::string digits = text;
    std::erase(digits, '_');
    std::optional<Number> number = number_of(digits);
    if (number) return Value::number(std::move(*number));
  }
  return cannot_parse(text, tag);
}

}  // namespace

// A word or number decides before its tag does, and quotes make text of it even beside a tag:
// `!!bool 5` is 5 and `!!int "5"` is "5". The reference's YAML reads so.
Result<Value> yaml_scalar(const std::string& text, const std::string& tag, YamlStyle style) {
  const bool tagged = !tag.empty();
  std::string_view kind = tag;
  if (tagged) {
    const bool standard = tag.starts_with(kTagPrefix);
    if (standard) kind.remove_prefix(kTagPrefix.size());
    if (!standard ||
        !is_one_of(kind, {"str", "binary", "null", "bool", "int", "float", "timestamp"})) {
      return invalid_input(fmt::format("unsupported tag {}", quoted(tag)));
    }
  } else if (style == YamlStyle::Quoted) {
    return Value::string(text);
  }
  if (kind != "str" && kind != "binary" && has_meaning(text)) {
    if (style == YamlStyle::Quoted) return Value::string(text);
    if (!tagged || kind == "timestamp") {
      if (std::optional<std::string> time = yaml_timestamp(text)) return Value::string(*time);
    }
    std::optional<Value> found = TRY(meaning(text, tagged));
    // A block is text in the end, but text of the number or word it holds.
    if (found && !tagged && style == YamlStyle::Block) {
      return value::convert(*found, Type::string());
    }
    if (found) return std::move(*found);
  }
  if (!tagged) return Value::string(text);
  return tagged_scalar(text, tag, kind);
}

}  // namespace farm::functions
