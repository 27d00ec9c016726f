#include "common/template/functions/time_parse.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace farm::functions {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class TimeParser {
 public:
  explicit TimeParser(std::string_view text) : rest_(text) {}

  Result<CivilTime> parse(DateSeparator separator) {
    CivilTime time;
    time.year = TRY(number(4, 4, 0, 9999, "year"));
    TRY(literal('-'));
    time.month = TRY(number(2, 2, 1, 12, "month"));
    TRY(literal('-'));
    time.day = TRY(number(2, 2, 0, 99, "day of month"));
    if (time.day < 1 || time.day > days_in_month(time.year, time.month)) {
      return invalid_input("day out of range");
    }
    const bool space = separator == DateSeparator::LetterTOrSpace && rest_.starts_with(' ');
    if (!rest_.starts_with('T') && !space) {
      return invalid_input("missing required time introducer 'T'");
    }
    rest_.remove_prefix(1);
    time.hour = TRY(number(1, 2, 0, 23, "hour"));
    TRY(literal(':'));
    time.minute = TRY(number(2, 2, 0, 59, "minute"));
    TRY(literal(':'));
    time.second = TRY(number(2, 2, 0, 59, "second"));
    time.nanos = fraction();
    time.offset_seconds = TRY(offset());
    if (!rest_.empty()) return unusable(rest_, "timestamp segment");
    return civil_with_nanos(time);
  }

 private:
  static CivilTime civil_with_nanos(const CivilTime& time) {
    CivilTime complete = civil_time_of_unix(unix_seconds(time), time.offset_seconds);
    complete.nanos = time.nanos;
    return complete;
  }

  static Error unusable(std::string_view text, std::string_view as) {
    return invalid_input(fmt::format("cannot use {} as {}", quoted(text), as));
  }

  Result<int> number(size_t least, size_t most, int low, int high, std::string_view what) {
    if (rest_.empty()) return invalid_input(fmt::format("end of string before {}", what));
    const std::string_view from = rest_;
    int value = 0;
    size_t digits = 0;
    while (digits < most && digits < from.size() && is_digit(from[digits])) {
      value = value * 10 + (from[digits++] - '0');
    }
    if (digits < least) return unusable(from, what);
    rest_.remove_prefix(digits);
    if (value < low || value > high) return unusable(rest_, what);
    return value;
  }

  Result<void> literal(char expected) {
    if (rest_.empty()) {
      return invalid_input(fmt::format("end of string where \"{}\" is expected", expected));
    }
    if (rest_[0] != expected) {
      return invalid_input(
          fmt::format("found {} where \"{}\" is expected", quoted(rest_), expected));
    }
    rest_.remove_prefix(1);
    return {};
  }

  // Digits past nanoseconds are dropped. Nothing is taken when no digit follows the point.
  int fraction() {
    if (rest_.size() < 2 || rest_[0] != '.' || !is_digit(rest_[1])) return 0;
    int nanos = 0;
    size_t at = 1;
    for (int unit = 100'000'000; at < rest_.size() && is_digit(rest_[at]); ++at, unit /= 10) {
      nanos += unit * (rest_[at] - '0');
    }
    rest_.remove_prefix(at);
    return nanos;
  }

  Result<int> offset() {
    if (rest_.empty()) return invalid_input("end of string before UTC offset");
    if (rest_[0] == 'Z') {
      rest_.remove_prefix(1);
      return 0;
    }
    constexpr size_t kLength = 6;  // +hh:mm
    const std::string_view text = rest_.substr(0, kLength);
    const bool shaped = text.size() == kLength && (text[0] == '+' || text[0] == '-') &&
                        is_digit(text[1]) && is_digit(text[2]) && text[3] == ':' &&
                        is_digit(text[4]) && is_digit(text[5]);
    if (!shaped) return unusable(rest_, "UTC offset");
    const int hours = (text[1] - '0') * 10 + (text[2] - '0');
    const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
    if (hours > 24 || minutes > 59) return unusable(rest_, "UTC offset");
    rest_.remove_prefix(kLength);
    return (text[0] == '-' ? -60 : 60) * (hours * 60 + minutes);
  }

  std::string_view rest_;
};

// Sums of terms before the check against 64 bits.
__extension__ using Wide = __int128;

struct Unit {
  std::string_view name;
  int64_t nanos;
};
constexpr std::array kUnits = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xC2\xB5s", 1'000},  // micro sign
    Unit{"\xCE\xBCs", 1'000},  // Greek mu
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
};

// Takes one "1.5h" off `rest` and adds it to `total`; the texts of errors are Go's.
Result<void> add_term(std::string_view& rest, Wide& total, const std::string& whole) {
  const Error invalid = invalid_input("time: invalid duration " + whole);
  constexpr size_t kMostDigits = 19;  // more than fit into 64 bits are an overflow anyway
  const size_t integer = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (integer > kMostDigits) return invalid;
  Wide value = 0;
  for (const char c : rest.substr(0, integer)) value = value * 10 + (c - '0');
  rest.remove_prefix(integer);
  Wide part = 0;
  Wide scale = 1;
  size_t decimals = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    decimals = std::min(rest.find_first_not_of("0123456789"), rest.size());
    for (const char c : rest.substr(0, std::min(decimals, kMostDigits - 1))) {
      part = part * 10 + (c - '0');
      scale *= 10;
    }
    rest.remove_prefix(decimals);
  }
  if (integer + decimals == 0) return invalid;
  const size_t length = std::min(rest.find_first_of(".0123456789"), rest.size());
  const std::string_view name = rest.substr(0, length);
  if (name.empty()) return invalid_input("time: missing unit in duration " + whole);
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end(), [name](const Unit& u) { return u.name == name; });
  if (unit == kUnits.end()) {
    return invalid_input(fmt::format("time: unknown unit {} in duration {}", quoted(name), whole));
  }
  rest.remove_prefix(length);
  total += value * unit->nanos + part * unit->nanos / scale;
  if (total > std::numeric_limits<int64_t>::max()) return invalid;
  return {};
}

// One or two digits, in place taken from `rest`; -1 when there are none or the value is too large.
int short_number(std::string_view& rest, int low, int high) {
  size_t digits = 0;
  int value = 0;
  while (digits < 2 && digits < rest.size() && is_digit(rest[digits])) {
    value = value * 10 + (rest[digits++] - '0');
  }
  rest.remove_prefix(digits);
  return digits == 0 || value < low || value > high ? -1 : value;
}

bool take(std::string_view& rest, char expected) {
  if (!rest.starts_with(expected)) return false;
  rest.remove_prefix(1);
  return true;
}

// "hh:mm:ss", a fraction, and a zone where the separator allows one.
bool yaml_clock(std::string_view rest, bool zoned, CivilTime& time) {
  time.hour = short_number(rest, 0, 23);
  if (time.hour < 0 || !take(rest, ':')) return false;
  time.minute = short_number(rest, 0, 59);
  if (time.minute < 0 || !take(rest, ':')) return false;
  time.second = short_number(rest, 0, 59);
  if (time.second < 0) return false;
  if (rest.size() > 1 && rest[0] == '.' && is_digit(rest[1])) {
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  }
  if (!zoned) return rest.empty();
  if (rest == "Z") return true;
  const bool negative = rest.starts_with('-');
  constexpr size_t kZoneLength = 6;  // +hh:mm
  if (rest.size() != kZoneLength || (!negative && rest[0] != '+') || rest[3] != ':') return false;
  std::string_view hours = rest.substr(1, 2);
  std::string_view minutes = rest.substr(4);
  const int h = short_number(hours, 0, 24);
  const int m = short_number(minutes, 0, 59);
  if (h < 0 || m < 0 || !hours.empty() || !minutes.empty()) return false;
  time.offset_seconds = (negative ? -60 : 60) * (h * 60 + m);
  return true;
}

}  // namespace

Result<CivilTime> parse_rfc3339(std::string_view text, DateSeparator separator) {
  Result<CivilTime> time = TimeParser(text).parse(separator);
  if (!time) {
    return invalid_input("not a valid RFC3339 timestamp: " + std::move(time).error().message);
  }
  return time;
}

std::optional<std::string> yaml_timestamp(std::string_view text) {
  constexpr size_t kYearLength = 4;
  if (text.size() <= kYearLength || text[kYearLength] != '-') return std::nullopt;
  CivilTime time;
  time.year = 0;
  for (const char c : text.substr(0, kYearLength)) {
    if (!is_digit(c)) return std::nullopt;
    time.year = time.year * 10 + (c - '0');
  }
  std::string_view rest = text.substr(kYearLength + 1);
  time.month = short_number(rest, 1, 12);
  if (time.month < 0 || !take(rest, '-')) return std::nullopt;
  time.day = short_number(rest, 1, days_in_month(time.year, time.month));
  if (time.day < 0) return std::nullopt;
  if (rest.empty()) return format_rfc3339(time);
  const bool zoned = rest[0] == 'T' || rest[0] == 't';
  if (!zoned && rest[0] != ' ') return std::nullopt;
  if (!yaml_clock(rest.substr(1), zoned, time)) return std::nullopt;
  return format_rfc3339(time);
}

Result<Duration> parse_go_duration(std::string_view text) {
  const std::string whole = quoted(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration(0);
  if (text.empty()) return invalid_input("time: invalid duration " + whole);
  Wide total = 0;
  while (!text.empty()) {
    TRY(add_term(text, total, whole));
  }
  const auto nanos = static_cast<int64_t>(total);
  return Duration(negative ? -nanos : nanos);
}

}  // namespace farm::functions
