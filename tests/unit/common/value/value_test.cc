#include "common/value/value.h"

#include <gtest/gtest.h>

namespace farm::value {
namespace {

Value text(const char* s) { return Value::string(s); }
Value num(int64_t n) { return Value::number(n); }

TEST(Value, SetsAreSortedAndDeduplicated) {
  const Value set = Value::set(Type::string(), {text("b"), text("a"), text("b")});
  ASSERT_EQ(set.size(), 2U);
  EXPECT_EQ(set.elements()[0].as_string(), "a");
  const Value numbers = Value::set(Type::number(), {num(10), num(9), num(-1)});
  EXPECT_EQ(numbers.elements()[0].as_number(), Number(-1));
}

TEST(Value, MarkOfASetElementMarksTheSet) {
  const Value set = Value::set(Type::string(), {text("b").with_sensitive(), text("a")});
  EXPECT_TRUE(set.is_sensitive());
  EXPECT_FALSE(set.elements()[1].is_sensitive());
}

TEST(Value, KnowsWhatIsInside) {
  const Value v = Value::object({{"a", Value::unknown()}, {"b", text("x").with_sensitive()}});
  EXPECT_FALSE(v.is_wholly_known());
  EXPECT_TRUE(v.is_known());
  EXPECT_TRUE(v.has_sensitive());
  EXPECT_FALSE(v.is_sensitive());
  EXPECT_FALSE(v.without_marks().has_sensitive());
  EXPECT_EQ(v.depth(), 1U);
  EXPECT_EQ(Value::tuple({v}).depth(), 2U);
}

TEST(Value, EqualityDoesNotConvert) {
  EXPECT_FALSE(num(1) == text("1"));
  EXPECT_TRUE(Value::null(Type::string()) == Value::null());
  EXPECT_FALSE(Value::tuple({num(1)}) == Value::list(Type::number(), {num(1)}));
  EXPECT_TRUE(Value::tuple({num(1)}) == Value::tuple({num(1)}));
  EXPECT_FALSE(Value::object({{"a", num(1)}}) == Value::object({{"b", num(1)}}));
  EXPECT_FALSE(Value::list(Type::string(), {}) == Value::list(Type::number(), {}));
}

TEST(Value, StringsAreComposed) {
  EXPECT_EQ(text("e\xcc\x81").as_string(), "\xc3\xa9");
  EXPECT_EQ(text("\xff\xfe").as_string(), "\xff\xfe");
}

TEST(Value, IteratesEveryKind) {
  const auto set = Value::set(Type::string(), {text("a")}).iterate();
  EXPECT_TRUE(set[0].first == text("a"));
  const auto tuple = Value::tuple({text("a"), text("b")}).iterate();
  EXPECT_TRUE(tuple[1].first == num(1));
  const auto map = Value::map(Type::number(), {{"k", num(3)}}).iterate();
  EXPECT_TRUE(map[0].first == text("k"));
  EXPECT_TRUE(map[0].second == num(3));
}

TEST(Value, CollectsStringsOfSensitiveParts) {
  const Value v = Value::object(
      {{"a", Value::tuple({text("s1"), text("s2")}).with_sensitive()},
       {"b", text("open")},
       {"c", num(4711).with_sensitive()}});
  std::vector<std::string> found;
  collect_sensitive_strings(v, found);
  EXPECT_EQ(found, (std::vector<std::string>{"s1", "s2", "4711"}));
  found.clear();
  collect_strings(v, found);
  EXPECT_EQ(found.size(), 4U);
}

TEST(Type, PrintsForUsersAndProse) {
  const Type object = Type::object({{"a", Type::string()}, {"b", Type::list(Type::number())}},
                                   {{"b", true}});
  EXPECT_EQ(object.str(), "object({a=string,b=optional(list(number))})");
  EXPECT_EQ(Type::tuple({Type::boolean(), Type::dynamic()}).str(), "tuple([bool,any])");
  EXPECT_EQ(Type::list(Type::dynamic()).friendly(), "list of any single type");
  EXPECT_EQ(Type::map(Type::set(Type::string())).friendly(), "map of set of string");
  EXPECT_TRUE(object.has_optional());
  EXPECT_TRUE(object == Type::object(object.attributes(), {{"b", true}}));
  EXPECT_FALSE(object == Type::object(object.attributes()));
}

}  // namespace
}  // namespace farm::value
