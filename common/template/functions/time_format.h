// Wall time on the calendar and as text: RFC 3339, Go's reference layouts, strftime. Shared by the
// date functions and by {{isotime}} and {{strftime}}.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace farm::functions {

/// A time of day on the calendar with its distance from UTC.
struct CivilTime {
  int64_t year = 1970;
  int month = 1;     // 1-12
  int day = 1;       // 1-31
  int weekday = 4;   // 0 = Sunday
  int year_day = 1;  // 1-366
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanos = 0;
  int offset_seconds = 0;  // east of UTC
};

CivilTime civil_time(WallTime time, int offset_seconds = 0);
/// The same for seconds since 1970 UTC, also far outside the range of WallTime.
CivilTime civil_time_of_unix(int64_t seconds, int offset_seconds = 0);
/// Seconds since 1970 UTC of a civil time; weekday and year_day are not read.
int64_t unix_seconds(const CivilTime& time);
int days_in_month(int64_t year, int month);
std::string_view month_name(int month);
std::string_view weekday_name(int weekday);
struct IsoWeek {
  int64_t year = 0;
  int week = 0;
};
IsoWeek iso_week(const CivilTime& time);

/// Go's time.Format of the time in UTC with a reference layout such as "2006-01-02T15:04:05Z07:00".
std::string format_go_layout(WallTime time, std::string_view layout);
std::string format_go_layout(const CivilTime& time, std::string_view layout);
/// Verbs %a %A %b %B %d %H %I %L %m %M %p %S %y %Y %z %Z %%, in UTC; any other stays as written.
std::string format_strftime(WallTime time, std::string_view layout);
/// "2006-01-02T15:04:05Z" (or "+01:00"), without a fraction.
std::string format_rfc3339(const CivilTime& time);
inline constexpr std::string_view kRfc3339Layout = "2006-01-02T15:04:05Z07:00";

}  // namespace farm::functions
