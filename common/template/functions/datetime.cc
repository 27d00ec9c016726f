// Date and time functions.

#include "common/template/functions/date_verbs.h"
#include "common/template/functions/registration.h"
#include "common/template/functions/time_parse.h"

#include <fmt/format.h>

namespace farm::functions {
namespace {

Value number(int64_t n) {
  return Value::number(n);
}

Outcome format_date_call(Arguments arguments, CallContext&) {
  Result<CivilTime> time = parse_rfc3339(arguments[1].as_string());
  if (!time) return fail_argument(1, std::move(time).error().message);
  Result<std::string> text = format_date(*time, arguments[0].as_string());
  if (!text) return fail_argument(0, std::move(text).error().message);
  return Value::string(std::move(text).value());
}

Result<std::string> time_add(Arguments arguments, CallContext&) {
  const CivilTime time = TRY(parse_rfc3339(arguments[0].as_string()));
  const Duration duration = TRY(parse_go_duration(arguments[1].as_string()));
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  int64_t seconds = unix_seconds(time) + duration.count() / kNanosPerSecond;
  const int64_t nanos = time.nanos + duration.count() % kNanosPerSecond;
  if (nanos < 0) --seconds;
  if (nanos >= kNanosPerSecond) ++seconds;
  return format_rfc3339(civil_time_of_unix(seconds, time.offset_seconds));
}

template <std::string (*kFormat)(WallTime, std::string_view)>
Outcome legacy_time(Arguments arguments, CallContext& context) {
  if (arguments.size() > 1) {
    return fail(fmt::format("too many values, 1 needed: {} given", arguments.size()));
  }
  if (arguments.empty()) return Value::string(format_go_layout(context.start, kRfc3339Layout));
  return Value::string(kFormat(context.start, arguments[0].as_string()));
}

Value::Map parts_of(const CivilTime& time) {
  const IsoWeek week = iso_week(time);
  return {
      {"year", number(time.year)},
      {"year_day", number(time.year_day)},
      {"day", number(time.day)},
      {"month", number(time.month)},
      {"month_name", Value::string(std::string(month_name(time.month)))},
      {"weekday", number(time.weekday)},
      {"weekday_name", Value::string(std::string(weekday_name(time.weekday)))},
      {"hour", number(time.hour)},
      {"minute", number(time.minute)},
      {"second", number(time.second)},
      {"iso_year", number(week.year)},
      {"iso_week", number(week.week)},
  };
}

Type parts_type(const std::string& extra, Type extra_type) {
  std::map<std::string, Type> types = {{extra, std::move(extra_type)}};
  for (const auto& [name, part] : parts_of(CivilTime{})) types.emplace(name, part.type());
  return Type::object(std::move(types));
}

Outcome rfc3339_parse(Arguments arguments, CallContext&) {
  Result<CivilTime> time = parse_rfc3339(arguments[0].as_string(), DateSeparator::LetterTOrSpace);
  if (!time) return fail_argument(0, std::move(time).error().message);
  Value::Map parts = parts_of(*time);
  parts.emplace("unix", number(unix_seconds(*time)));
  return Value::object(std::move(parts));
}

Outcome unix_timestamp_parse(Arguments arguments, CallContext&) {
  const std::optional<int64_t> seconds = arguments[0].as_number().truncate().to_int64();
  constexpr int64_t kFirst = -62'135'596'800;  // 0001-01-01
  constexpr int64_t kLast = 253'402'300'799;   // 9999-12-31
  if (!seconds || *seconds < kFirst || *seconds > kLast) {
    return fail_argument(0, "the timestamp must lie between the years 1 and 9999");
  }
  const CivilTime time = civil_time_of_unix(*seconds);
  Value::Map parts = parts_of(time);
  parts.emplace("rfc3339", Value::string(format_rfc3339(time)));
  return Value::object(std::move(parts));
}

}  // namespace

void add_datetime_functions(Table& table) {
  const Type string = Type::string();
  define(table,
         {"formatdate",
          {text_parameter("format"), text_parameter("time")},
          {},
          string,
          "A timestamp in a layout such as \"YYYY-MM-DD\"."},
         format_date_call);
  define(table,
         {"timeadd",
          {text_parameter("timestamp"), text_parameter("duration")},
          {},
          string,
          "A timestamp moved by a duration such as \"10m\"."},
         time_add);
  define(table, {"timestamp", {}, {}, string, "The time now, in UTC (RFC 3339)."},
         [](Arguments, CallContext& context) -> Outcome {
           return Value::string(format_go_layout(context.now, kRfc3339Layout));
         });
  define(table,
         {"legacy_isotime",
          {},
          text_parameter("format"),
          string,
          "The start time of the run in a Go layout."},
         legacy_time<static_cast<std::string (*)(WallTime, std::string_view)>(format_go_layout)>);
  define(table,
         {"legacy_strftime",
          {},
          text_parameter("format"),
          string,
          "The start time of the run in a strftime layout."},
         legacy_time<format_strftime>);
  define(table,
         {"rfc3339_parse",
          {text_parameter("timestamp")},
          {},
          parts_type("unix", Type::number()),
          "The parts of a timestamp."},
         rfc3339_parse);
  define(table,
         {"unix_timestamp_parse",
          {number_parameter("unix_timestamp")},
          {},
          parts_type("rfc3339", string),
          "The parts of a time in seconds since 1970."},
         unix_timestamp_parse);
}

}  // namespace farm::functions
