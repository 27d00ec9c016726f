#include "common/template/functions/time_format.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace farm::functions {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kDaysPerEra = 146'097;  // 400 years of the Gregorian calendar

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - int64_t{a % b < 0};
}

bool is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Days since 1970-01-01. Years start in March here, so that the leap day is the last of a year.
int64_t days_of(int64_t year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = floor_divide(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t month_index = (month + 9) % 12;
  const int64_t day_of_year = (153 * month_index + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  constexpr int64_t kEpochDay = 719'468;  // 1970-01-01 counted from 0000-03-01
  return era * kDaysPerEra + day_of_era - kEpochDay;
}

int year_day_of(int64_t year, int month, int day) {
  return static_cast<int>(days_of(year, month, day) - days_of(year, 1, 1)) + 1;
}

int weekday_of(int64_t days) {
  constexpr int64_t kEpochWeekday = 4;  // 1970-01-01 was a Thursday
  return static_cast<int>(((days + kEpochWeekday) % 7 + 7) % 7);
}

int hour12(int hour) {
  return hour % 12 == 0 ? 12 : hour % 12;
}

bool starts_lower(std::string_view text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z';
}
bool is_digit(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

// "+hh:mm" in the shape of a Go zone chunk: colon or not, with or without minutes and seconds.
std::string zone_text(int offset, std::string_view shape) {
  const int minutes = std::abs(offset) / 60;
  std::string out = fmt::format("{}{:02}", offset < 0 ? '-' : '+', minutes / 60);
  const std::string_view colon = shape.find(':') == std::string_view::npos ? "" : ":";
  const auto digits =
      std::count_if(shape.begin(), shape.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits >= 4) out += fmt::format("{}{:02}", colon, minutes % 60);
  if (digits >= 6) out += fmt::format("{}{:02}", colon, std::abs(offset) % 60);
  return out;
}

std::string zone_name(int offset) {
  if (offset == 0) return "UTC";
  return zone_text(offset, offset % 3600 == 0 ? "07" : "0700");
}

// The fraction for a chunk such as ".000" (all digits) or ".999" (no zeros at the end).
std::string fraction(int nanos, std::string_view chunk) {
  std::string digits = fmt::format("{:09}", nanos).substr(0, chunk.size() - 1);
  if (chunk[1] == '9') {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return "";
  }
  return chunk[0] + digits;
}

// Length of a fraction chunk at the start of `layout`, else 0.
size_t fraction_length(std::string_view layout) {
  constexpr size_t kMostDigits = 9;
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return 0;
  if (layout[1] != '0' && layout[1] != '9') return 0;
  const size_t end = std::min(layout.find_first_not_of(layout[1], 1), layout.size());
  return is_digit(layout.substr(end)) || end - 1 > kMostDigits ? 0 : end;
}

struct Chunk {
  std::string_view text;
  std::string (*print)(const CivilTime&);
};

// Longer chunks stand before their prefixes.
const std::array kChunks = {
    Chunk{"January", [](const CivilTime& t) { return std::string(month_name(t.month)); }},
    Chunk{"Jan", [](const CivilTime& t) { return std::string(month_name(t.month).substr(0, 3)); }},
    Chunk{"Monday", [](const CivilTime& t) { return std::string(weekday_name(t.weekday)); }},
    Chunk{"Mon",
          [](const CivilTime& t) { return std::string(weekday_name(t.weekday).substr(0, 3)); }},
    Chunk{"MST", [](const CivilTime& t) { return zone_name(t.offset_seconds); }},
    Chunk{"002", [](const CivilTime& t) { return fmt::format("{:03}", t.year_day); }},
    Chunk{"01", [](const CivilTime& t) { return fmt::format("{:02}", t.month); }},
    Chunk{"02", [](const CivilTime& t) { return fmt::format("{:02}", t.day); }},
    Chunk{"03", [](const CivilTime& t) { return fmt::format("{:02}", hour12(t.hour)); }},
    Chunk{"04", [](const CivilTime& t) { return fmt::format("{:02}", t.minute); }},
    Chunk{"05", [](const CivilTime& t) { return fmt::format("{:02}", t.second); }},
    Chunk{"06", [](const CivilTime& t) { return fmt::format("{:02}", t.year % 100); }},
    Chunk{"15", [](const CivilTime& t) { return fmt::format("{:02}", t.hour); }},
    Chunk{"1", [](const CivilTime& t) { return std::to_string(t.month); }},
    Chunk{"2006",
          [](const CivilTime& t) { return fmt::format("{:0{}}", t.year, t.year < 0 ? 5 : 4); }},
    Chunk{"2", [](const CivilTime& t) { return std::to_string(t.day); }},
    Chunk{"__2", [](const CivilTime& t) { return fmt::format("{:3}", t.year_day); }},
    Chunk{"_2006", [](const CivilTime& t) { return fmt::format("_{:04}", t.year); }},
    Chunk{"_2", [](const CivilTime& t) { return fmt::format("{:2}", t.day); }},
    Chunk{"3", [](const CivilTime& t) { return std::to_string(hour12(t.hour)); }},
    Chunk{"4", [](const CivilTime& t) { return std::to_string(t.minute); }},
    Chunk{"5", [](const CivilTime& t) { return std::to_string(t.second); }},
    Chunk{"PM", [](const CivilTime& t) { return std::string(t.hour >= 12 ? "PM" : "AM"); }},
    Chunk{"pm", [](const CivilTime& t) { return std::string(t.hour >= 12 ? "pm" : "am"); }},
};

constexpr std::array<std::string_view, 10> kZones = {"-07:00:00", "-07:00",    "-070000", "-0700",
                                                     "-07",       "Z07:00:00", "Z07:00",  "Z070000",
                                                     "Z0700",     "Z07"};

// Prints the chunk at the start of `layout` and gives its length; 0 when there is none.
size_t print_chunk(const CivilTime& time, std::string_view layout, std::string& out) {
  if (const size_t length = fraction_length(layout); length > 0) {
    out += fraction(time.nanos, layout.substr(0, length));
    return length;
  }
  for (const std::string_view zone : kZones) {
    if (!layout.starts_with(zone)) continue;
    out += zone[0] == 'Z' && time.offset_seconds == 0 ? "Z" : zone_text(time.offset_seconds, zone);
    return zone.size();
  }
  for (const Chunk& chunk : kChunks) {
    if (!layout.starts_with(chunk.text)) continue;
    const bool abbreviation = chunk.text == "Jan" || chunk.text == "Mon";
    if (abbreviation && starts_lower(layout.substr(chunk.text.size()))) continue;
    out += chunk.print(time);
    return chunk.text.size();
  }
  return 0;
}

std::optional<std::string> strftime_verb(const CivilTime& t, char verb) {
  switch (verb) {
    case 'a':
      return std::string(weekday_name(t.weekday).substr(0, 3));
    case 'A':
      return std::string(weekday_name(t.weekday));
    case 'b':
      return std::string(month_name(t.month).substr(0, 3));
    case 'B':
      return std::string(month_name(t.month));
    case 'd':
      return fmt::format("{:02}", t.day);
    case 'H':
      return fmt::format("{:02}", t.hour);
    case 'I':
      return fmt::format("{:02}", hour12(t.hour));
    case 'L':
      return fmt::format(".{:03}", t.nanos / 1'000'000);
    case 'm':
      return fmt::format("{:02}", t.month);
    case 'M':
      return fmt::format("{:02}", t.minute);
    case 'p':
      return t.hour >= 12 ? "PM" : "AM";
    case 'S':
      return fmt::format("{:02}", t.second);
    case 'y':
      return fmt::format("{:02}", t.year % 100);
    case 'Y':
      return fmt::format("{:04}", t.year);
    case 'z':
      return zone_text(t.offset_seconds, "-0700");
    case 'Z':
      return zone_name(t.offset_seconds);
    case '%':
      return "%";
    default:
      return std::nullopt;
  }
}

}  // namespace

CivilTime civil_time(WallTime time, int offset_seconds) {
  const int64_t seconds = floor_divide(time.nanos, kNanosPerSecond);
  CivilTime civil = civil_time_of_unix(seconds, offset_seconds);
  civil.nanos = static_cast<int>(time.nanos - seconds * kNanosPerSecond);
  return civil;
}

CivilTime civil_time_of_unix(int64_t seconds, int offset_seconds) {
  const int64_t local = seconds + offset_seconds;
  const int64_t days = floor_divide(local, kSecondsPerDay);
  const auto second_of_day = static_cast<int>(local - days * kSecondsPerDay);
  CivilTime civil;
  constexpr int64_t kEpochDay = 719'468;  // 1970-01-01 counted from 0000-03-01
  const int64_t era = floor_divide(days + kEpochDay, kDaysPerEra);
  const int64_t day_of_era = days + kEpochDay - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_index = (5 * day_of_year + 2) / 153;  // 0 = March
  civil.day = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1);
  civil.month = static_cast<int>(month_index < 10 ? month_index + 3 : month_index - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.weekday = weekday_of(days);
  civil.year_day = year_day_of(civil.year, civil.month, civil.day);
  civil.hour = second_of_day / 3600;
  civil.minute = second_of_day / 60 % 60;
  civil.second = second_of_day % 60;
  civil.offset_seconds = offset_seconds;
  return civil;
}

int64_t unix_seconds(const CivilTime& time) {
  return days_of(time.year, time.month, time.day) * kSecondsPerDay + time.hour * 3600 +
         time.minute * 60 + time.second - time.offset_seconds;
}

int days_in_month(int64_t year, int month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::string_view month_name(int month) {
  return kMonths.at(static_cast<size_t>(month - 1));
}
std::string_view weekday_name(int weekday) {
  return kWeekdays.at(static_cast<size_t>(weekday));
}

IsoWeek iso_week(const CivilTime& time) {
  // The week belongs to the year of its Thursday.
  const int64_t days = days_of(time.year, time.month, time.day);
  const int64_t thursday = days - (weekday_of(days) + 6) % 7 + 3;
  const CivilTime civil = civil_time_of_unix(thursday * kSecondsPerDay);
  return {civil.year, (civil.year_day - 1) / 7 + 1};
}

std::string format_go_layout(const CivilTime& time, std::string_view layout) {
  std::string out;
  while (!layout.empty()) {
    size_t length = print_chunk(time, layout, out);
    if (length == 0) {
      out += layout[0];
      length = 1;
    }
    layout.remove_prefix(length);
  }
  return out;
}

std::string format_go_layout(WallTime time, std::string_view layout) {
  return format_go_layout(civil_time(time), layout);
}

std::string format_strftime(WallTime time, std::string_view layout) {
  const CivilTime civil = civil_time(time);
  std::string out;
  for (size_t i = 0; i < layout.size(); ++i) {
    if (layout[i] == '%' && i + 1 < layout.size()) {
      if (const std::optional<std::string> text = strftime_verb(civil, layout[i + 1])) {
        out += *text;
        ++i;
        continue;
      }
    }
    out += layout[i];
  }
  return out;
}

std::string format_rfc3339(const CivilTime& time) {
  return format_go_layout(time, kRfc3339Layout);
}

}  // namespace farm::functions
