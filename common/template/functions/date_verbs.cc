#include "common/template/functions/date_verbs.h"

#include "common/template/functions/registration.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::functions {
namespace {

Error bad_verb(std::string_view verb, std::string_view why) {
  const std::string_view colon = why.empty() ? "" : ": ";
  return invalid_input(fmt::format("invalid date format verb {}{}{}", quoted(verb), colon, why));
}

// One digit or two.
std::optional<std::string> one_or_two(int number, size_t length) {
  if (length == 1) return std::to_string(number);
  if (length == 2) return fmt::format("{:02}", number);
  return std::nullopt;
}

Result<std::string> number_or(std::optional<std::string> text, std::string_view verb,
                              std::string_view why) {
  if (!text) return bad_verb(verb, why);
  return std::move(*text);
}

Result<std::string> zone(const CivilTime& time, std::string_view verb) {
  switch (verb.size()) {
    case 1:
      return format_go_layout(time, "Z07:00");
    case 3:
      return time.offset_seconds == 0 ? "UTC" : format_go_layout(time, "-0700");
    case 4:
      return format_go_layout(time, "-0700");
    case 5:
      return format_go_layout(time, "-07:00");
    default:
      return bad_verb(verb, "timezone must be Z, ZZZZ, or ZZZZZ");
  }
}

Result<std::string> month(const CivilTime& time, std::string_view verb) {
  if (verb.size() == 3) return std::string(month_name(time.month).substr(0, 3));
  if (verb.size() == 4) return std::string(month_name(time.month));
  return number_or(one_or_two(time.month, verb.size()), verb,
                   R"(month must be "M", "MM", "MMM", or "MMMM")");
}

Result<std::string> half_of_day(const CivilTime& time, std::string_view verb) {
  const bool upper = verb[0] == 'A';
  if (verb.size() != 2) return bad_verb(verb, upper ? R"(must be "AA")" : R"(must be "aa")");
  const bool morning = time.hour < 12;
  if (upper) return morning ? "AM" : "PM";
  return morning ? "am" : "pm";
}

Result<std::string> print(const CivilTime& time, std::string_view verb) {
  const size_t length = verb.size();
  switch (verb[0]) {
    case 'Y':
      if (length == 2) return fmt::format("{:02}", time.year % 100);
      if (length == 4) return fmt::format("{:04}", time.year);
      return bad_verb(verb, R"(year must either be "YY" or "YYYY")");
    case 'M':
      return month(time, verb);
    case 'D':
      return number_or(one_or_two(time.day, length), verb,
                       R"(day of month must either be "D" or "DD")");
    case 'E':
      if (length == 3) return std::string(weekday_name(time.weekday).substr(0, 3));
      if (length == 4) return std::string(weekday_name(time.weekday));
      return bad_verb(verb, R"(day of week must either be "EEE" or "EEEE")");
    case 'h':
      return number_or(one_or_two(time.hour, length), verb,
                       R"(24-hour must either be "h" or "hh")");
    case 'H':
      return number_or(one_or_two(time.hour % 12 == 0 ? 12 : time.hour % 12, length), verb,
                       R"(12-hour must either be "H" or "HH")");
    case 'A':
    case 'a':
      return half_of_day(time, verb);
    case 'm':
      return number_or(one_or_two(time.minute, length), verb,
                       R"(minute must either be "m" or "mm")");
    case 's':
      return number_or(one_or_two(time.second, length), verb,
                       R"(second must either be "s" or "ss")");
    case 'Z':
      return zone(time, verb);
    default:
      return bad_verb(verb, "");
  }
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The text between quotes at the start of `layout`, which is moved behind them. Two quotes in a
// row are one quote.
Result<std::string> quoted_text(std::string_view& layout) {
  std::string text;
  for (size_t i = 1; i < layout.size(); ++i) {
    if (layout[i] == '\'') {
      if (layout.substr(i + 1, 1) != "'") {
        layout.remove_prefix(i + 1);
        return text;
      }
      ++i;
    }
    text += layout[i];
  }
  return invalid_input("unterminated literal '");
}

}  // namespace

Result<std::string> format_date(const CivilTime& time, std::string_view layout) {
  std::string out;
  while (!layout.empty()) {
    if (layout.starts_with("''")) {
      out += '\'';
      layout.remove_prefix(2);
    } else if (layout[0] == '\'') {
      const std::string text = TRY(quoted_text(layout));
      out += text;
    } else if (is_letter(layout[0])) {
      const size_t end = std::min(layout.find_first_not_of(layout[0]), layout.size());
      const std::string text = TRY(print(time, layout.substr(0, end)));
      out += text;
      layout.remove_prefix(end);
    } else {
      out += layout[0];
      layout.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace farm::functions
