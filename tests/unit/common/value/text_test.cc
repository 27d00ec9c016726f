#include <gtest/gtest.h>

#include "common/value/value.h"

namespace farm::value {
namespace {

Value number(const char* text) { return Value::number(*Number::parse(text)); }

TEST(JsonText, EscapesAsJsonencodeDoes) {
  const Value v = Value::object({{"b", Value::string("<a&b>\n\x01\"\\\xe2\x80\xa8\xff")},
                                 {"a", number("1.50")},
                                 {"c", Value::tuple({Value::null(), Value::boolean(true)})}});
  const auto json = to_json(v);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json,
            "{\"a\":1.5,\"b\":\"\\u003ca\\u0026b\\u003e\\n\\u0001\\\"\\\\\\u2028\\ufffd\","
            "\"c\":[null,true]}");
  EXPECT_FALSE(to_json(Value::unknown()).has_value());
  EXPECT_FALSE(to_json(Value::number(Number::infinity())).has_value());
}

// Expected texts are those of packer console 1.6.6.
TEST(ConsoleText, PrintsAsTheConsole) {
  struct Case {
    const char* name;
    Value value;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"string", Value::string("a\"b"), "a\"b"},
      {"integer", number("9223372036854775807"), "9223372036854775807"},
      {"past 64 bits", number("9223372036854775808"), "9.223372036854776e+18"},
      {"float", number("1234567.5"), "1.2345675e+06"},
      {"small", number("0.00001"), "1e-05"},
      {"fraction", Value::number(*Number::divide(1, 3)), "0.3333333333333333"},
      {"negative", number("-1.5e300"), "-1.5e+300"},
      {"infinity", Value::number(Number::infinity(true)), "-Inf"},
      {"null", Value::null(), "null"},
      {"unknown", Value::unknown(), "<unknown>"},
      {"sensitive", Value::string("x").with_sensitive(), "<sensitive>"},
      {"empty", Value::tuple({}), "[]"},
      {"nested",
       Value::object({{"a", Value::string("x\ty\x01")},
                      {"b", Value::tuple({number("1"), Value::object({})})},
                      {"d", Value::null()}}),
       "{\n  \"a\" = \"x\\ty\\x01\"\n  \"b\" = [\n    1,\n    {},\n  ]\n}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(console_text(c.value), c.expected);
  }
}

}  // namespace
}  // namespace farm::value
