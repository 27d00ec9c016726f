#include "builders/core/config.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "builders/core/option_observer.h"

namespace farm::builders {
namespace {

OptionObserver* g_option_observer = nullptr;

using value::Type;
using value::Value;

struct Unit {
  std::string_view name;
  double nanos;
};
// Longest names first so that "ms" is not read as "m".
constexpr Unit kUnits[] = {{"ns", 1},   {"us", 1e3},  {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
                           {"ms", 1e6}, {"s", 1e9},   {"m", 60e9},        {"h", 3600e9}};

}  // namespace

void observe_options(OptionObserver* observer) { g_option_observer = observer; }

Result<Duration> parse_go_duration(const std::string& text) {
  const auto bad = [&](std::string_view why) {
    return invalid_input(fmt::format("time: {} duration \"{}\"", why, text));
  };
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return Duration{0};
  if (rest.empty()) return bad("invalid");
  double nanos = 0;
  while (!rest.empty()) {
    size_t digits = 0;
    size_t dots = 0;
    while (digits < rest.size() &&
           ((rest[digits] >= '0' && rest[digits] <= '9') || rest[digits] == '.')) {
      if (rest[digits] == '.') ++dots;
      ++digits;
    }
    if (digits == 0 || dots > 1 || digits == dots) return bad("invalid");
    const double amount = std::strtod(std::string(rest.substr(0, digits)).c_str(), nullptr);
    rest.remove_prefix(digits);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (rest.starts_with(candidate.name) &&
          (unit == nullptr || candidate.name.size() > unit->name.size())) {
        unit = &candidate;
      }
    }
    if (unit == nullptr) return bad(rest.empty() ? "missing unit in" : "unknown unit in");
    rest.remove_prefix(unit->name.size());
    nanos += amount * unit->nanos;
  }
  if (nanos > 9.2e18) return bad("invalid");
  const auto count = static_cast<int64_t>(std::llround(nanos));
  return Duration{negative ? -count : count};
}

std::string format_go_duration(Duration duration) {
  const int64_t nanos = duration.count();
  if (nanos == 0) return "0s";
  const std::string sign = nanos < 0 ? "-" : "";
  const auto magnitude = static_cast<uint64_t>(nanos < 0 ? -nanos : nanos);
  const auto fraction = [](uint64_t whole, uint64_t part, int digits) {
    if (part == 0) return fmt::format("{}", whole);
    std::string tail = fmt::format("{:0{}}", part, digits);
    tail.erase(tail.find_last_not_of('0') + 1);
    return fmt::format("{}.{}", whole, tail);
  };
  if (magnitude < 1'000) return fmt::format("{}{}ns", sign, magnitude);
  if (magnitude < 1'000'000) {
    return sign + fraction(magnitude / 1'000, magnitude % 1'000, 3) + "\xc2\xb5s";
  }
  if (magnitude < 1'000'000'000) {
    return sign + fraction(magnitude / 1'000'000, magnitude % 1'000'000, 6) + "ms";
  }
  const uint64_t seconds = magnitude / 1'000'000'000;
  const std::string tail = fraction(seconds % 60, magnitude % 1'000'000'000, 9) + "s";
  if (seconds < 60) return sign + tail;
  if (seconds < 3600) return fmt::format("{}{}m{}", sign, seconds / 60, tail);
  return fmt::format("{}{}h{}m{}", sign, seconds / 3600, seconds / 60 % 60, tail);
}

template <class T>
T ConfigReader::mistyped(const std::string& name, const Error& error, T other) const {
  findings_.errors.push_back(fmt::format("'{}': {}", name, error.message));
  return other;
}

const Value* ConfigReader::find(const std::string& name) const {
  if (config_.is_null() || !config_.is_known()) return nullptr;
  const Value* found = config_.get(name);
  if (found == nullptr || found->is_null() || !found->is_known()) return nullptr;
  if (g_option_observer != nullptr) g_option_observer->on_read(file_, config_, name, *found);
  return found;
}

std::string ConfigReader::string(const std::string& name, std::string other) const {
  const Value* found = find(name);
  if (found == nullptr) return other;
  Result<Value> text = value::convert(*found, Type::string());
  if (!text) return mistyped(name, text.error(), std::move(other));
  return text->as_string();
}

bool ConfigReader::boolean(const std::string& name, bool other) const {
  return tribool(name).value_or(other);
}

std::optional<bool> ConfigReader::tribool(const std::string& name) const {
  const Value* found = find(name);
  if (found == nullptr) return std::nullopt;
  Result<Value> flag = value::convert(*found, Type::boolean());
  if (!flag) return mistyped(name, flag.error(), std::optional<bool>{});
  return flag->as_bool();
}

int64_t ConfigReader::integer(const std::string& name, int64_t other) const {
  const Value* found = find(name);
  if (found == nullptr) return other;
  Result<Value> number = value::convert(*found, Type::number());
  if (!number) return mistyped(name, number.error(), other);
  const std::optional<int64_t> integer = number->as_number().to_int64();
  if (!integer) return mistyped(name, invalid_input("a whole number is required"), other);
  return *integer;
}

Duration ConfigReader::duration(const std::string& name, Duration other) const {
  const Value* found = find(name);
  if (found == nullptr) return other;
  if (found->type() == Type::number()) return Duration{integer(name, 0)};
  const std::string text = string(name);
  if (text.empty()) return other;
  Result<Duration> parsed = parse_go_duration(text);
  if (!parsed) return mistyped(name, parsed.error(), other);
  return *parsed;
}

std::vector<std::string> ConfigReader::strings(const std::string& name) const {
  std::vector<std::string> list;
  const Value* found = find(name);
  if (found == nullptr) return list;
  Result<Value> converted = value::convert(*found, Type::list(Type::string()));
  if (!converted) return mistyped(name, converted.error(), std::move(list));
  for (const Value& element : converted->elements()) {
    if (!element.is_null() && element.is_known()) list.push_back(element.as_string());
  }
  return list;
}

std::vector<int64_t> ConfigReader::integers(const std::string& name) const {
  std::vector<int64_t> list;
  const Value* found = find(name);
  if (found == nullptr) return list;
  Result<Value> converted = value::convert(*found, Type::list(Type::number()));
  if (!converted) return mistyped(name, converted.error(), std::move(list));
  for (const Value& element : converted->elements()) {
    if (element.is_null() || !element.is_known()) continue;
    const std::optional<int64_t> integer = element.as_number().to_int64();
    if (!integer) return mistyped(name, invalid_input("whole numbers are required"), list);
    list.push_back(*integer);
  }
  return list;
}

std::vector<std::vector<std::string>> ConfigReader::string_lists(const std::string& name) const {
  std::vector<std::vector<std::string>> lists;
  const Value* found = find(name);
  if (found == nullptr) return lists;
  Result<Value> converted = value::convert(*found, Type::list(Type::list(Type::string())));
  if (!converted) return mistyped(name, converted.error(), std::move(lists));
  for (const Value& inner : converted->elements()) {
    std::vector<std::string> list;
    if (!inner.is_null() && inner.is_known()) {
      for (const Value& element : inner.elements()) {
        if (!element.is_null() && element.is_known()) list.push_back(element.as_string());
      }
    }
    lists.push_back(std::move(list));
  }
  return lists;
}

std::map<std::string, std::string> ConfigReader::string_map(const std::string& name) const {
  std::map<std::string, std::string> map;
  const Value* found = find(name);
  if (found == nullptr) return map;
  Result<Value> converted = value::convert(*found, Type::map(Type::string()));
  if (!converted) return mistyped(name, converted.error(), std::move(map));
  for (const auto& [key, element] : converted->entries()) {
    if (!element.is_null() && element.is_known()) map[key] = element.as_string();
  }
  return map;
}

std::vector<Value> ConfigReader::blocks(const std::string& name) const {
  const Value* found = find(name);
  if (found == nullptr) return {};
  const value::Kind kind = found->type().kind();
  if (kind == value::Kind::Object || kind == value::Kind::Map) return {*found};
  if (kind == value::Kind::List || kind == value::Kind::Tuple || kind == value::Kind::Set) {
    return found->elements();
  }
  return mistyped(name, invalid_input("a block is required"), std::vector<Value>{});
}

void ConfigReader::require_one_of(const std::string& name,
                                  const std::vector<std::string>& allowed) const {
  const std::string text = string(name);
  if (text.empty() || std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return;
  findings_.errors.push_back(
      fmt::format("'{}': `{}` is not one of {}", name, text, fmt::join(allowed, ", ")));
}

}  // namespace farm::builders
