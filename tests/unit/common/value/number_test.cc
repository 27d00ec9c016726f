#include "common/value/number.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace farm::value {
namespace {

Number parsed(const std::string& text) {
  const auto n = Number::parse(text);
  EXPECT_TRUE(n.has_value()) << text;
  return n ? *n : Number(0);
}

TEST(Number, PrintsShortestDecimal) {
  struct Case {
    const char* name;
    const char* expected;
  };
  for (const Case& c : {Case{"1.50", "1.5"}, Case{"1e21", "1000000000000000000000"},
                        Case{".5", "0.5"}, Case{"5.0", "5"}, Case{"1e3", "1000"},
                        Case{"-0.001e-2", "-0.00001"}, Case{"+7", "7"}, Case{"-0", "-0"},
                        Case{"123456789012345678901234567890", "123456789012345678901234567890"},
                        Case{"9223372036854775808", "9223372036854775808"},
                        Case{"-9223372036854775808", "-9223372036854775808"},
                        Case{"0.1", "0.1"}, Case{"3.14159", "3.14159"}}) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parsed(c.name).str(), c.expected);
  }
}

TEST(Number, RefusesWhatIsNoDecimal) {
  for (const char* text : {"", " 1", "1 ", "0x1F", "1_000", "1e", "e5", ".", "-", "+-1", "--1",
                           "Inf", "nan", "1e1000001", "1.2.3"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Number::parse(text).has_value());
  }
}

TEST(Number, ComputesWithManyDigits) {
  EXPECT_EQ(parsed("0.1") + parsed("0.2"), parsed("0.3"));
  EXPECT_EQ(*Number::divide(Number(1), Number(3)) * Number(3), Number(1));
  EXPECT_EQ((parsed("123456789012345678901234567890") + Number(1)).str(),
            "123456789012345678901234567891");
  EXPECT_EQ(Number(INT64_MAX) + Number(1), parsed("9223372036854775808"));
  EXPECT_EQ(Number(INT64_MIN) - Number(1), parsed("-9223372036854775809"));
  EXPECT_EQ((Number(INT64_MAX) + Number(1) - Number(1)).to_int64(), INT64_MAX);
  EXPECT_EQ(-Number(INT64_MIN), parsed("9223372036854775808"));
  EXPECT_EQ(Number::divide(Number(INT64_MIN), Number(-1))->str(), "9223372036854775808");
  EXPECT_EQ(Number::divide(Number(1), Number(3))->str().substr(0, 8), "0.333333");
}

TEST(Number, RemainderHasSignOfDividend) {
  EXPECT_EQ(*Number::remainder(Number(-7), Number(3)), Number(-1));
  EXPECT_EQ(*Number::remainder(Number(7), Number(-3)), Number(1));
  EXPECT_EQ(*Number::remainder(parsed("5.5"), Number(2)), parsed("1.5"));
  EXPECT_EQ(*Number::remainder(Number(INT64_MIN), Number(-1)), Number(0));
  EXPECT_EQ(*Number::remainder(Number(5), Number(0)), Number(5));
  EXPECT_FALSE(Number::remainder(Number(1), Number::infinity()).has_value());
}

TEST(Number, DividesByZeroToInfinity) {
  EXPECT_TRUE(Number::divide(Number(1), Number(0))->is_infinite());
  EXPECT_EQ(Number::divide(Number(-1), Number(0))->sign(), -1);
  EXPECT_FALSE(Number::divide(Number(0), Number(0)).has_value());
  EXPECT_FALSE(Number::divide(Number::infinity(), Number::infinity()).has_value());
}

TEST(Number, RoundsToWhole) {
  EXPECT_EQ(parsed("-1.5").floor(), Number(-2));
  EXPECT_EQ(parsed("-1.5").ceil(), Number(-1));
  EXPECT_EQ(parsed("-1.5").truncate(), Number(-1));
  EXPECT_EQ(parsed("1.5").truncate(), Number(1));
  EXPECT_FALSE(parsed("1.5").is_integer());
  EXPECT_TRUE(parsed("1e30").is_integer());
  EXPECT_FALSE(parsed("1e30").to_int64().has_value());
}

TEST(Number, ReadsAndPrintsDigitsOfAnyBase) {
  EXPECT_EQ(Number(255).integer_digits(16), "ff");
  EXPECT_EQ(parsed("-10.9").integer_digits(2), "-1010");
  EXPECT_EQ(*Number::parse_digits("ff", 16), Number(255));
  EXPECT_EQ(*Number::parse_digits("FF", 16), Number(255));
  EXPECT_EQ(*Number::parse_digits("aA", 62), Number(10 * 62 + 36));
  EXPECT_EQ(*Number::parse_digits("-zz", 36), Number(-1295));
  EXPECT_FALSE(Number::parse_digits("12", 2).has_value());
  EXPECT_FALSE(Number::parse_digits("", 10).has_value());
  EXPECT_FALSE(Number::parse_digits("1", 63).has_value());
}

TEST(Number, DoublesKeepTheirShortestText) {
  EXPECT_EQ(Number::from_double(0.1).str(), "0.1");
  EXPECT_EQ(Number::from_double(18446744073709551616.0).str(), "18446744073709550000");
  EXPECT_EQ(Number::from_double(18446744073709551616.0), parsed("18446744073709551616"));
  EXPECT_EQ(Number::from_double(-0.0).str(), "-0");
  EXPECT_EQ((Number::from_double(1.1) + Number::from_double(1.1)).str(), "2.2");
  EXPECT_EQ(Number::from_double(1e300).to_double(), 1e300);
  EXPECT_TRUE(Number::from_double(std::numeric_limits<double>::infinity()).is_infinite());
}

TEST(Number, GrowsToInfinityInsteadOfEndlessDigits) {
  Number n = parsed("1e1000000");
  for (int i = 0; i < 8; ++i) n = n * n;
  EXPECT_TRUE(n.is_infinite());
  Number small = parsed("1e-1000000");
  for (int i = 0; i < 8; ++i) small = small * small;
  EXPECT_EQ(small, Number(0));
}

TEST(Number, PacksExactly) {
  for (const Number& n :
       {Number(0), Number(-1), Number(INT64_MIN), parsed("0.1"), parsed("-1e999999"),
        *Number::divide(Number(1), Number(3)), Number::infinity(), Number::infinity(true)}) {
    SCOPED_TRACE(n.pack());
    const auto back = Number::unpack(n.pack());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, n);
  }
  for (const char* bad : {"", "@", "1@", "g", "1@99999999", "1@x"}) {
    SCOPED_TRACE(bad);
    EXPECT_FALSE(Number::unpack(bad).has_value());
  }
}

TEST(Number, Orders) {
  EXPECT_LT(Number(1), parsed("1.5"));
  EXPECT_GT(Number(2), parsed("1.5"));
  EXPECT_LT(Number::infinity(true), Number(INT64_MIN));
}

}  // namespace
}  // namespace farm::value
