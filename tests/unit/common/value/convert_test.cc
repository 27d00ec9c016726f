#include <gtest/gtest.h>

#include "common/value/value.h"

namespace farm::value {
namespace {

Value text(const char* s) { return Value::string(s); }
Value num(int64_t n) { return Value::number(n); }

std::string json_of(const Result<Value>& v) {
  if (!v) return "error: " + v.error().message;
  const auto json = to_json(*v);
  return v->type().str() + " " + (json ? *json : json.error().message);
}

struct Case {
  const char* name;
  Value from;
  Type to;
  const char* expected;
};

TEST(Convert, FollowsTheRules) {
  const Value mixed = Value::tuple({num(1), text("a"), Value::boolean(true)});
  const Type ab = Type::object({{"a", Type::string()}, {"b", Type::number()}}, {{"b", true}});
  const std::vector<Case> cases = {
      {"number to string", num(5), Type::string(), "string \"5\""},
      {"bool to string", Value::boolean(false), Type::string(), "string \"false\""},
      {"string to number", text("5.0"), Type::number(), "number 5"},
      {"no number", text("0x1F"), Type::number(), "error: a number is required"},
      {"bool to number", Value::boolean(true), Type::number(), "error: number required"},
      {"string to bool", text("1"), Type::boolean(), "bool true"},
      {"upper case bool", text("TRUE"), Type::boolean(),
       "error: a bool is required; to convert from string, use lowercase \"true\""},
      {"number to bool", num(1), Type::boolean(), "error: bool required"},
      {"tuple to list(any)", mixed, Type::list(Type::dynamic()),
       "list(string) [\"1\",\"a\",\"true\"]"},
      {"tuple to set", Value::tuple({num(2), num(1), num(2)}), Type::set(Type::number()),
       "set(number) [1,2]"},
      {"bad element", Value::tuple({text("x")}), Type::list(Type::number()),
       "error: element 0: a number is required"},
      {"no common type", Value::tuple({num(1), Value::boolean(true)}),
       Type::list(Type::dynamic()), "error: all list elements must have the same type"},
      {"null among elements", Value::tuple({Value::null(), text("a")}),
       Type::list(Type::dynamic()), "list(string) [null,\"a\"]"},
      {"empty tuple", Value::tuple({}), Type::list(Type::dynamic()), "list(any) []"},
      {"objects with null parts",
       Value::tuple({Value::object({{"a", Value::null()}}), Value::object({{"a", num(1)}})}),
       Type::list(Type::dynamic()), "list(object({a=number})) [{\"a\":null},{\"a\":1}]"},
      {"object to map", Value::object({{"a", num(1)}, {"b", text("x")}}),
       Type::map(Type::dynamic()), "map(string) {\"a\":\"1\",\"b\":\"x\"}"},
      {"object drops and fills", Value::object({{"a", num(1)}, {"c", num(2)}}), ab,
       "object({a=string,b=number}) {\"a\":\"1\",\"b\":null}"},
      {"missing attribute", Value::object({{"c", num(2)}}), ab,
       "error: attribute \"a\" is required"},
      {"bad attribute", Value::object({{"a", num(2)}, {"b", text("x")}}), ab,
       "error: attribute \"b\": a number is required"},
      {"map to object", Value::map(Type::string(), {{"a", text("1")}, {"b", text("2")}}), ab,
       "object({a=string,b=number}) {\"a\":\"1\",\"b\":2}"},
      {"string to list", text("a"), Type::list(Type::string()), "error: list of string required"},
      {"null", Value::null(), ab, "object({a=string,b=number}) null"},
      {"infinity to string", Value::number(Number::infinity()), Type::string(),
       "error: infinity has no text"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(json_of(convert(c.from, c.to)), c.expected);
  }
}

TEST(Convert, KeepsMarksAndUnknown) {
  EXPECT_TRUE(convert(num(1).with_sensitive(), Type::string())->is_sensitive());
  const auto unknown = convert(Value::unknown(Type::number()).with_sensitive(), Type::string());
  ASSERT_TRUE(unknown.has_value());
  EXPECT_FALSE(unknown->is_known());
  EXPECT_TRUE(unknown->type() == Type::string());
  EXPECT_TRUE(unknown->is_sensitive());
  EXPECT_FALSE(convert(Value::unknown(Type::number()), Type::list(Type::string())).has_value());
}

TEST(Unify, FindsTheOneType) {
  struct Pair {
    const char* name;
    std::vector<Type> types;
    const char* expected;
  };
  const Type a = Type::object({{"a", Type::number()}});
  const Type b = Type::object({{"b", Type::number()}});
  const std::vector<Pair> cases = {
      {"number, string", {Type::number(), Type::string()}, "string"},
      {"bool, string", {Type::boolean(), Type::string()}, "string"},
      {"number, bool", {Type::number(), Type::boolean()}, "none"},
      {"tuples, same length", {Type::tuple({Type::number()}), Type::tuple({Type::string()})},
       "tuple([string])"},
      {"tuples, other length",
       {Type::tuple({Type::number()}), Type::tuple({Type::string(), Type::string()})},
       "list(string)"},
      {"empty tuple", {Type::tuple({}), Type::tuple({Type::number()})}, "list(number)"},
      {"objects", {a, b}, "map(number)"},
      {"same object", {a, a}, "object({a=number})"},
      {"objects that differ", {a, Type::object({{"b", Type::list(Type::string())}})}, "none"},
      {"set, tuple", {Type::set(Type::string()), Type::tuple({Type::number()})}, "set(string)"},
      {"list, tuple", {Type::list(Type::string()), Type::tuple({})}, "list(string)"},
      {"map, object", {Type::map(Type::string()), a}, "map(string)"},
      {"dynamic, string", {Type::dynamic(), Type::string()}, "string"},
      {"dynamic, list", {Type::dynamic(), Type::list(Type::string())}, "any"},
      {"string, list", {Type::string(), Type::list(Type::string())}, "none"},
  };
  for (const Pair& c : cases) {
    SCOPED_TRACE(c.name);
    const auto unified = unify(c.types);
    EXPECT_EQ(unified ? unified->str() : "none", c.expected);
  }
}

}  // namespace
}  // namespace farm::value
