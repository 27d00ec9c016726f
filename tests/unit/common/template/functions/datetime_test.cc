#include "call.h"

#include "common/template/functions/time_format.h"
#include "common/template/functions/time_parse.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

// 2024-01-02T03:04:05.6789Z, a Tuesday.
constexpr WallTime kTime{1'704'164'645'678'900'000};

TEST(GoLayout, PrintsEveryChunk) {
  struct LayoutCase {
    std::string layout;
    std::string expected;
  };
  const std::vector<LayoutCase> cases = {
      {"2006-01-02T15:04:05Z07:00", "2024-01-02T03:04:05Z"},
      {"January Jan 1 01 Monday Mon", "January Jan 1 01 Tuesday Tue"},
      {"2 02 _2 002 __2 _2006", "2 02  2 002   2 _2024"},
      {"15 3 03 4 04 5 05 PM pm", "03 3 03 4 04 5 05 AM am"},
      {"06 MST -07 -0700 -07:00 Z07 Z0700", "24 UTC +00 +0000 +00:00 Z Z"},
      {".000 .999999 ,00 .0000000001", ".678 .6789 ,67 .0000000001"},
      {"Month Janet Monarch", "Month Janet Monarch"},
      {"plain text!", "plain text!"},
      {"", ""},
  };
  for (const LayoutCase& c : cases) EXPECT_EQ(format_go_layout(kTime, c.layout), c.expected);
}

TEST(Strftime, PrintsKnownVerbsAndKeepsOthers) {
  EXPECT_EQ(format_strftime(kTime, "%a %A %b %B %d %H %I %L %m %M %p %S %y %Y %z %Z %%"),
            "Tue Tuesday Jan January 02 03 03 .678 01 04 AM 05 24 2024 +0000 UTC %");
  EXPECT_EQ(format_strftime(kTime, "%q %T %"), "%q %T %");
}

TEST(CivilTime, RoundTrips) {
  for (int64_t seconds = -62'135'596'800; seconds < 253'402'300'799; seconds += 86'399 * 997) {
    const CivilTime civil = civil_time_of_unix(seconds, 3600);
    ASSERT_EQ(unix_seconds(civil), seconds);
    ASSERT_LE(civil.day, days_in_month(civil.year, civil.month));
  }
  EXPECT_EQ(iso_week(civil_time_of_unix(1'609'459'200)).week, 53);  // 2021-01-01
  EXPECT_EQ(iso_week(civil_time_of_unix(1'609'459'200)).year, 2020);
}

constexpr const char* kInvalid = "error in time: not a valid RFC3339 timestamp: ";

TEST(FormatDate, PrintsVerbs) {
  expect_calls({
      {"formatdate", R"(["YYYY-MM-DD'T'hh:mm:ssZ","2020-02-03T04:05:06Z"])",
       R"("2020-02-03T04:05:06Z")"},
      {"formatdate",
       R"(["YY MMMM MMM MM M DD D EEEE EEE hh h HH H AA aa mm m ss s ZZZZZ )"
       R"(ZZZZ ZZZ Z","2020-02-03T14:05:06+01:30"])",
       R"("20 February Feb 02 2 03 3 Monday Mon 14 14 02 2 PM pm 05 5 06 6 )"
       R"(+01:30 +0130 +0130 +01:30")"},
      {"formatdate", R"(["ZZZZZ ZZZZ ZZZ Z","2020-02-03T14:05:06Z"])", R"("+00:00 +0000 UTC Z")"},
      {"formatdate", R"(["'it''s' .: ''","2020-02-03T14:05:06Z"])", R"("it's .: '")"},
      {"formatdate", R"(["YYY","2020-02-03T14:05:06Z"])",
       "error in format: invalid date format verb \"YYY\": year must either be \"YY\" or "
       "\"YYYY\""},
      {"formatdate", R"(["q","2020-02-03T14:05:06Z"])",
       "error in format: invalid date format verb \"q\""},
      {"formatdate", R"(["MMMMM","2020-02-03T14:05:06Z"])",
       "error in format: invalid date format verb \"MMMMM\": month must be \"M\", \"MM\", "
       "\"MMM\", or \"MMMM\""},
      {"formatdate", R"(["'a","2020-02-03T14:05:06Z"])", "error in format: unterminated literal '"},
  });
}

TEST(FormatDate, SaysWhatIsWrongWithATimestamp) {
  struct TimeCase {
    std::string time;
    std::string problem;
  };
  const std::vector<TimeCase> cases = {
      {"", "end of string before year"},
      {"x", R"(cannot use "x" as year)"},
      {"12020-02-03T14:05:06Z", R"(found "0-02-03T14:05:06Z" where "-" is expected)"},
      {"2020", R"(end of string where "-" is expected)"},
      {"2020-13-03T14:05:06Z", R"(cannot use "-03T14:05:06Z" as month)"},
      {"2020-02-3T14:05:06Z", R"(cannot use "3T14:05:06Z" as day of month)"},
      {"2020-02-30T14:05:06Z", "day out of range"},
      {"2020-02-03", "missing required time introducer 'T'"},
      {"2020-02-03 14:05:06Z", "missing required time introducer 'T'"},
      {"2020-02-03T25:05:06Z", R"(cannot use ":05:06Z" as hour)"},
      {"2020-02-03T14:05:06", "end of string before UTC offset"},
      {"2020-02-03T14:05:06+0100", R"(cannot use "+0100" as UTC offset)"},
      {"2020-02-03T14:05:06Zx", R"(cannot use "x" as timestamp segment)"},
  };
  for (const TimeCase& c : cases) {
    SCOPED_TRACE(c.time);
    Call call;
    EXPECT_EQ(call.text("formatdate", "[\"YYYY\",\"" + c.time + "\"]"), kInvalid + c.problem);
  }
}

TEST(TimeAdd, MovesTimestamps) {
  expect_calls({
      {"timeadd", R"(["2020-02-03T14:05:06Z","1h30m"])", R"("2020-02-03T15:35:06Z")"},
      {"timeadd", R"(["2020-02-03T14:05:06+02:00","-10m"])", R"("2020-02-03T13:55:06+02:00")"},
      {"timeadd", R"(["2020-02-03T14:05:06.5Z","500ms"])", R"("2020-02-03T14:05:07Z")"},
      {"timeadd", R"(["2020-01-01T00:00:00Z","-1ns"])", R"("2019-12-31T23:59:59Z")"},
      {"timeadd", R"(["9999-12-31T23:59:59Z","1h"])", R"("10000-01-01T00:59:59Z")"},
      {"timeadd", R"(["2020-02-03T14:05:06Z","1x"])",
       "error: time: unknown unit \"x\" in duration \"1x\""},
      {"timeadd", R"(["2020-02-03T14:05:06Z","5"])", "error: time: missing unit in duration \"5\""},
      {"timeadd", R"(["2020-02-03T14:05:06Z",""])", "error: time: invalid duration \"\""},
      {"timeadd", R"(["2020-02-03T14:05:06Z","9999999999h"])",
       "error: time: invalid duration \"9999999999h\""},
      {"timeadd", R"(["x","1h"])",
       "error: not a valid RFC3339 timestamp: cannot use \"x\" as year"},
  });
  EXPECT_EQ(parse_go_duration("1.5h")->count(), 5'400'000'000'000);
  EXPECT_EQ(parse_go_duration("-1us1\xC2\xB5s1ns")->count(), -2001);
  EXPECT_EQ(parse_go_duration("0")->count(), 0);
  EXPECT_FALSE(parse_go_duration(".s"));
}

TEST(ClockFunctions, UseTheTimesOfTheCall) {
  expect_calls({
      {"timestamp", "[]", R"("2024-01-02T03:04:05Z")"},
      {"timestamp", "[1]", "error: wrong number of arguments"},
      {"legacy_isotime", "[]", R"("2024-01-02T03:04:05Z")"},
      {"legacy_isotime", R"(["Jan-_2-06-03-04-05"])", R"("Jan- 2-24-03-04-05")"},
      {"legacy_isotime", R"(["a","b"])", "error: too many values, 1 needed: 2 given"},
      {"legacy_strftime", R"(["%Y%m%d"])", R"("20240102")"},
      {"legacy_strftime", "[]", R"("2024-01-02T03:04:05Z")"},
      {"legacy_strftime", R"(["a","b"])", "error: too many values, 1 needed: 2 given"},
  });
}

TEST(ParseFunctions, GiveParts) {
  const std::string parts = R"("day":2,"hour":3,"iso_week":1,"iso_year":2024,"minute":4,"month":1,)"
                            R"("month_name":"January",)";
  expect_calls({
      {"rfc3339_parse", R"(["2024-01-02T03:04:05Z"])",
       "{" + parts +
           R"("second":5,"unix":1704164645,"weekday":2,"weekday_name":"Tuesday",)"
           R"("year":2024,"year_day":2})"},
      {"rfc3339_parse", R"(["2024-01-02 03:04:05+00:00"])",
       "{" + parts +
           R"("second":5,"unix":1704164645,"weekday":2,"weekday_name":"Tuesday",)"
           R"("year":2024,"year_day":2})"},
      {"rfc3339_parse", R"(["x"])",
       "error in timestamp: not a valid RFC3339 timestamp: cannot use \"x\" as year"},
      {"unix_timestamp_parse", "[1704164645]",
       "{" + parts +
           R"("rfc3339":"2024-01-02T03:04:05Z","second":5,"weekday":2,)"
           R"("weekday_name":"Tuesday","year":2024,"year_day":2})"},
      {"unix_timestamp_parse", R"(["x"])", "error in unix_timestamp: a number is required"},
      {"unix_timestamp_parse", "[1e30]",
       "error in unix_timestamp: the timestamp must lie between the years 1 and 9999"},
  });
}

}  // namespace
}  // namespace farm::functions
