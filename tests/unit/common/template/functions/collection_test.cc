#include "call.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Kind;
using value::Type;
using value::Value;

TEST(SequenceFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"alltrue", "[[true,\"true\"]]", "true"},
      {"alltrue", "[[true,null]]", "false"},
      {"alltrue", "[[]]", "true"},
      {"anytrue", "[[false,null,true]]", "true"},
      {"anytrue", "[[null]]", "false"},
      {"anytrue", "[[]]", "false"},
      {"chunklist", R"([["a","b","c"],2])", R"([["a","b"],["c"]])"},
      {"chunklist", R"([["a"],0])", R"([["a"]])"},
      {"chunklist", "[[],2]", "[]"},
      {"chunklist", R"([["a"],-1])", "error: the size argument must be positive"},
      {"coalesce", R"(["",null,"a"])", R"("a")"},
      {"coalesce", R"([1,"a"])", R"("1")"},
      {"coalesce", R"(["",null])", "error: no non-null, non-empty-string arguments"},
      {"coalesce", "[]", "error: all arguments must have the same type"},
      {"coalesce", R"([[],"a"])", "error: all arguments must have the same type"},
      {"coalescelist", R"([[],["a"]])", R"(["a"])"},
      {"coalescelist", "[[]]", "error: no non-null arguments"},
      {"coalescelist", "[]", "error: at least one argument is required"},
      {"coalescelist", R"([null,["a"]])", "error: coalescelist arguments must be lists or tuples"},
      {"compact", R"([["a","",null,"b"]])", R"(["a","b"])"},
      {"compact", "[[]]", "[]"},
      {"compact", R"([[1,"a"]])", R"(["1","a"])"},
      {"concat", R"([["a"],["b",1]])", R"(["a","b",1])"},
      {"concat", R"([["a"],{"a":1}])",
       "error in seqs: all arguments must be lists or tuples; got object"},
      {"concat", "[]", "error: at least one argument is required"},
      {"contains", R"([["a"],"a"])", "true"},
      {"contains", R"([[1],"1"])", "false"},
      {"contains", R"([[],1])", "false"},
      {"contains", R"([{"a":1},1])", "error: argument must be list, tuple, or set"},
      {"distinct", R"([["a","b","a"]])", R"(["a","b"])"},
      {"distinct", R"([[1,"1"]])", R"(["1"])"},
      {"distinct", "[[]]", "[]"},
      {"element", R"([["a","b"],3])", R"("b")"},
      {"element", R"([["a","b"],-1])", R"("b")"},
      {"element", "[[],0]", "error: cannot use element function with an empty list"},
      {"element", R"([{"a":1},0])", "error: cannot read elements from object"},
      {"element", R"([["a"],1.5])",
       "error: invalid index: value must be a whole number, between -9223372036854775808 and "
       "9223372036854775807"},
      {"flatten", "[[[1,[2]],3,[]]]", "[1,2,3]"},
      {"flatten", "[[]]", "[]"},
      {"flatten", "[[[null]]]", "[null]"},
      {"flatten", R"([{"a":[1]}])", "error: can only flatten lists, sets and tuples"},
      {"index", R"([["a","b"],"b"])", "1"},
      {"index", R"([[1],"1"])", "error: item not found"},
      {"index", "[[],1]", "error: cannot search an empty list"},
      {"index", R"([{"a":1},1])", "error: argument must be a list or tuple"},
      {"length", "[[1,2]]", "2"},
      {"length", R"(["🇩🇪x"])", "2"},
      {"length", R"([{"a":1}])", "1"},
      {"length", "[1]",
       "error: argument must be a string, a collection type, or a structural type"},
      {"length", "[null]", "error in value: argument must not be null"},
      {"reverse", R"([["a",1]])", R"([1,"a"])"},
      {"reverse", "[[]]", "[]"},
      {"reverse", R"(["a"])", "error in list: can only reverse list or tuple values, not string"},
      {"slice", R"([["a","b","c"],1,2])", R"(["b"])"},
      {"slice", R"([["a"],1,1])", "[]"},
      {"slice", R"([["a"],-1,1])", "error in start_index: start index must not be less than zero"},
      {"slice", R"([["a"],0,5])",
       "error in end_index: end index must not be greater than the length of the list"},
      {"slice", R"([["a","b"],1,0])",
       "error in start_index: start index must not be greater than end index"},
      {"slice", R"(["abc",0,1])", "error in list: must be a list or tuple value"},
      {"sort", R"([["b","a","C"]])", R"(["C","a","b"])"},
      {"sort", "[[3,1,20]]", R"(["1","20","3"])"},
      {"sort", "[[]]", "[]"},
      {"sort", R"([[null,"a"]])",
       "error: given list element 0 is null; a null string cannot be sorted"},
  });
}

TEST(MappingFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"keys", R"([{"b":1,"a":2}])", R"(["a","b"])"},
      {"keys", "[{}]", "[]"},
      {"keys", R"([["a"]])", "error in inputMap: must have map or object type"},
      {"values", R"([{"b":1,"a":"x"}])", R"(["x",1])"},
      {"values", "[{}]", "[]"},
      {"values", R"(["a"])", "error: values() requires a map as the first argument"},
      {"lookup", R"([{"a":1},"a",2])", "1"},
      {"lookup", R"([{"a":1},"b","x"])", R"("x")"},
      {"lookup", R"([{"a":1},null,"x"])", "error in key: argument must not be null"},
      {"lookup", R"([["a"],"a","x"])",
       "error in inputMap: lookup() requires a map as the first argument"},
      {"merge", R"([{"a":1},{"b":"x"},null])", R"({"a":1,"b":"x"})"},
      {"merge", R"([{"a":1,"c":{"x":1}},{"a":2,"c":{"y":2}}])", R"({"a":2,"c":{"y":2}})"},
      {"merge", "[]", "{}"},
      {"merge", "[null]", "{}"},
      {"merge", R"([{"a":1},["x"]])", "error: arguments must be maps or objects, got \"tuple\""},
      {"zipmap", R"([["a","b"],[1,"x"]])", R"({"a":1,"b":"x"})"},
      {"zipmap", "[[],[]]", "{}"},
      {"zipmap", R"([["a","a"],[1,2]])", R"({"a":2})"},
      {"zipmap", R"([["a"],[1,2]])",
       "error: number of keys (1) does not match number of values (2)"},
      {"zipmap", R"([["a"],"x"])", "error: values argument must be a list or tuple value"},
      {"zipmap", "[[null],[1]]", "error: keys list has null value at index 0"},
  });
}

TEST(SetFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"setunion", R"([["b"],["a",1]])", R"(["1","a","b"])"},
      {"setunion", R"([[],["a"]])", R"(["a"])"},
      {"setunion", R"([[[1]],["a"]])", "error: given sets must all have compatible element types"},
      {"setunion", R"(["a"])", "error in first_set: set of any single type required"},
      {"setintersection", R"([["a","b"],["b","c"]])", R"(["b"])"},
      {"setintersection", R"([["a"],[1]])", "[]"},
      {"setintersection", R"([["a"]])", R"(["a"])"},
      {"setintersection", R"([null])", "error in first_set: argument must not be null"},
      {"setproduct", R"([["a","b"],[1,2]])", R"([["a",1],["a",2],["b",1],["b",2]])"},
      {"setproduct", R"([["a",1],[true]])", R"([["a",true],["1",true]])"},
      {"setproduct", R"([["a"],[]])", "[]"},
      {"setproduct", R"([["a"]])", "error: at least two arguments are required"},
      {"setproduct", R"([["a"],"b"])", "error in sets: a set or a list is required"},
  });
}

TEST(SetFunctions, ProductIsLimited) {
  Call call;
  const Value thousand = std::get<Value>(call.outcome("range", {Value::number(1000)}));
  EXPECT_EQ(outcome_text("setproduct", call.outcome("setproduct", {thousand, thousand})),
            "error: the result would have too many elements");
}

TEST(CollectionFunctions, KeepListsListsAndTuplesTuples) {
  Call call;
  const Value numbers = Value::list(Type::number(), {Value::number(1), Value::number(2)});
  const Value texts = Value::list(Type::string(), {Value::string("a")});
  const auto type_of = [&call](const char* name, const std::vector<Value>& arguments) {
    return std::get<Value>(call.outcome(name, arguments)).type().str();
  };
  EXPECT_EQ(type_of("concat", {numbers, texts}), "list(string)");
  EXPECT_EQ(type_of("concat", {numbers, Value::tuple({})}), "tuple([number,number])");
  EXPECT_EQ(type_of("reverse", {Value::set(Type::string(), {Value::string("a")})}), "list(string)");
  const Value map = Value::map(Type::number(), {{"a", Value::number(1)}});
  EXPECT_EQ(type_of("keys", {map}), "list(string)");
  EXPECT_EQ(type_of("values", {map}), "list(number)");
  EXPECT_EQ(type_of("merge", {map, map}), "map(number)");
  EXPECT_EQ(type_of("merge", {map, Value::object({})}), "object({a=number})");
  EXPECT_EQ(type_of("zipmap", {texts, texts}), "map(string)");
  EXPECT_EQ(
      outcome_text("lookup", call.outcome("lookup", {map, Value::string("b"), Value::string("x")})),
      "error in default: the default value must have the same type as the map elements");
}

TEST(CollectionFunctions, PassUnknownPartsThroughWhereTheyDoNotMatter) {
  Call call;
  const Value some = Value::unknown(Type::string());
  const Value object = Value::object({{"a", some}, {"b", Value::number(1)}});
  EXPECT_EQ(outcome_text("keys", call.outcome("keys", {object})), R"(["a","b"])");
  EXPECT_EQ(outcome_text("length", call.outcome("length", {Value::tuple({some, some})})), "2");
  EXPECT_EQ(outcome_text("lookup",
                         call.outcome("lookup", {object, Value::string("b"), Value::number(0)})),
            "1");
  EXPECT_EQ(outcome_text("coalesce", call.outcome("coalesce", {Value::string("x"), some})),
            R"("x")");
  EXPECT_EQ(outcome_text("coalesce", call.outcome("coalesce", {some, Value::string("x")})),
            "unknown");
  EXPECT_EQ(
      outcome_text("length", call.outcome("length", {Value::unknown(Type::list(Type::string()))})),
      "unknown");
  EXPECT_EQ(outcome_text("join", call.outcome("join", {Value::string(","), Value::tuple({some})})),
            "unknown");
  EXPECT_EQ(outcome_text("contains", call.outcome("contains", {Value::tuple({some}), some})),
            "unknown");
  const Value merged = std::get<Value>(call.outcome("merge", {object, Value::object({})}));
  EXPECT_TRUE(merged.is_known());
  EXPECT_FALSE(merged.get("a")->is_known());
}

}  // namespace
}  // namespace farm::functions
