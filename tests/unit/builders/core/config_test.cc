#include "builders/core/config.h"

#include <gtest/gtest.h>

namespace farm::builders {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using value::Value;

TEST(GoDuration, Parses) {
  struct Case {
    const char* name;
    std::string text;
    Duration expected;
  };
  const std::vector<Case> cases = {
      {"seconds", "10s", seconds(10)},
      {"several units", "1h5m30s", hours(1) + minutes(5) + seconds(30)},
      {"fraction", "1.5h", minutes(90)},
      {"milliseconds are not minutes", "300ms", milliseconds(300)},
      {"negative", "-1s", seconds(-1)},
      {"zero", "0", Duration{0}},
      {"micro sign", "3\xc2\xb5s", std::chrono::microseconds(3)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Result<Duration> parsed = parse_go_duration(c.text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(*parsed, c.expected);
  }
}

TEST(GoDuration, RefusesInGosWords) {
  EXPECT_EQ(parse_go_duration("5").error().message, "time: missing unit in duration \"5\"");
  EXPECT_EQ(parse_go_duration("5x").error().message, "time: unknown unit in duration \"5x\"");
  EXPECT_EQ(parse_go_duration("").error().message, "time: invalid duration \"\"");
  EXPECT_EQ(parse_go_duration("1..5s").error().message, "time: invalid duration \"1..5s\"");
}

TEST(GoDuration, PrintsAsGo) {
  EXPECT_EQ(format_go_duration(minutes(5)), "5m0s");
  EXPECT_EQ(format_go_duration(milliseconds(1500)), "1.5s");
  EXPECT_EQ(format_go_duration(hours(26) + seconds(3)), "26h0m3s");
  EXPECT_EQ(format_go_duration(milliseconds(20)), "20ms");
  EXPECT_EQ(format_go_duration(Duration{0}), "0s");
}

TEST(ConfigReader, ReadsAndCollectsWhatDoesNotFit) {
  const Value config = Value::object({{"flag", Value::string("true")},
                                      {"count", Value::number(4)},
                                      {"wait", Value::string("1m30s")},
                                      {"bad", Value::string("soon")},
                                      {"list", Value::tuple({Value::string("a"), Value::number(2)})},
                                      {"nothing", Value::null()}});
  Findings findings;
  const ConfigReader reader(config, findings);
  EXPECT_TRUE(reader.boolean("flag"));
  EXPECT_EQ(reader.integer("count"), 4);
  EXPECT_EQ(reader.duration("wait"), seconds(90));
  EXPECT_EQ(reader.strings("list"), (std::vector<std::string>{"a", "2"}));
  EXPECT_FALSE(reader.has("nothing"));
  EXPECT_EQ(reader.string("absent", "other"), "other");
  EXPECT_TRUE(findings.ok());
  EXPECT_EQ(reader.duration("bad", seconds(1)), seconds(1));
  reader.require_one_of("bad", {"a", "b"});
  EXPECT_EQ(findings.text(),
            "2 error(s) occurred:\n\n* 'bad': time: invalid duration \"soon\"\n"
            "* 'bad': `soon` is not one of a, b");
}

}  // namespace
}  // namespace farm::builders
