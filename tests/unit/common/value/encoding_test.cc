#include <gtest/gtest.h>

#include "common/value/value.h"

namespace farm::value {
namespace {

TEST(Encoding, RoundTripsTypeStateAndMarks) {
  const std::vector<Value> values = {
      Value::null(),
      Value::null(Type::list(Type::string())),
      Value::unknown(Type::number()).with_sensitive(),
      Value::boolean(true),
      Value::number(*Number::parse("1e30")),
      Value::number(*Number::parse("-0.1")).with_sensitive(),
      Value::string(std::string("a\0b", 3)),
      Value::list(Type::dynamic(), {}),
      Value::set(Type::string(), {Value::string("b"), Value::string("a")}),
      Value::map(Type::number(), {{"k", Value::number(1)}, {"n", Value::null(Type::number())}}),
      Value::object({{"t", Value::tuple({Value::boolean(false), Value::unknown()})},
                     {"s", Value::string("x").with_sensitive()}}),
  };
  for (const Value& v : values) {
    SCOPED_TRACE(v.type().str());
    const auto back = decode(encode(v));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_TRUE(back->type() == v.type());
    EXPECT_EQ(back->is_null(), v.is_null());
    EXPECT_EQ(back->is_known(), v.is_known());
    EXPECT_EQ(back->is_sensitive(), v.is_sensitive());
    EXPECT_EQ(back->has_sensitive(), v.has_sensitive());
    EXPECT_EQ(encode(*back), encode(v));
    if (v.is_wholly_known()) {
      EXPECT_TRUE(*back == v);
    }
  }
}

TEST(Encoding, EveryTruncationIsCorrupt) {
  const std::string bytes = encode(Value::object(
      {{"a", Value::tuple({Value::string("xyz"), Value::number(300)})}, {"b", Value::null()}}));
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto v = decode(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(v.has_value()) << length;
    EXPECT_EQ(v.error().code, ErrorCode::Corrupt);
  }
  EXPECT_FALSE(decode(bytes + "x").has_value());
}

TEST(Encoding, RefusesNestingPastTheLimit) {
  EXPECT_FALSE(decode(std::string(1, '\1') + std::string(200, '\4') + "\1").has_value());
}

}  // namespace
}  // namespace farm::value
