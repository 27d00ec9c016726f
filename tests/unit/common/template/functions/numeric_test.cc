#include "call.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Number;
using value::Type;
using value::Value;

constexpr const char* kWhole =
    "error: value must be a whole number, between -9223372036854775808 and 9223372036854775807";

TEST(NumericFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"abs", "[-1.5]", "1.5"},
      {"abs", "[\"-3\"]", "3"},
      {"abs", "[\"x\"]", "error in num: a number is required"},
      {"abs", "[null]", "error in num: argument must not be null"},
      {"ceil", "[1.2]", "2"},
      {"ceil", "[-1.2]", "-1"},
      {"ceil", "[\"x\"]", "error in num: a number is required"},
      {"floor", "[-1.2]", "-2"},
      {"floor", "[3]", "3"},
      {"floor", "[null]", "error in num: argument must not be null"},
      {"log", "[16,2]", "4"},
      {"log", "[1,10]", "0"},
      {"log", "[0,2]", "no JSON"},
      {"log", "[-1,2]", "error: the result is not a number"},
      {"pow", "[2,10]", "1024"},
      {"pow", "[2,0.5]", "1.4142135623730951"},
      {"pow", "[-8,0.5]", "error: the result is not a number"},
      {"max", "[3,\"20\",1.5]", "20"},
      {"max", "[]", "error: must pass at least one number"},
      {"max", "[1,null]", "error in numbers: argument must not be null"},
      {"min", "[3,\"2\",1.5]", "1.5"},
      {"min", "[]", "error: must pass at least one number"},
      {"min", "[\"x\"]", "error in numbers: a number is required"},
      {"signum", "[-3]", "-1"},
      {"signum", "[0]", "0"},
      {"signum", "[12]", "1"},
      {"signum", "[1.5]", kWhole},
      {"parseint", "[\"FF\",16]", "255"},
      {"parseint", "[\"-zZ\",62]", "-2231"},
      {"parseint", "[\"+12\",10]", "12"},
      {"parseint", "[\"123456789012345678901234567890\",10]", "123456789012345678901234567890"},
      {"parseint", "[1,2]", "error in number: first argument must be a string, not number"},
      {"parseint", "[\"12\",1]",
       "error in base: base must be a whole number between 2 and 62 inclusive"},
      {"parseint", "[\"12\",63]",
       "error in base: base must be a whole number between 2 and 62 inclusive"},
      {"parseint", "[\"zz\",10]", "error in number: cannot parse \"zz\" as a base 10 integer"},
      {"parseint", "[\"\",10]", "error in number: cannot parse \"\" as a base 10 integer"},
      {"parseint", "[\"0x12\",16]", "error in number: cannot parse \"0x12\" as a base 16 integer"},
      {"parseint", "[\"1_000\",10]",
       "error in number: cannot parse \"1_000\" as a base 10 integer"},
  });
}

TEST(NumericFunctions, SumAddsWhatConverts) {
  expect_calls({
      {"sum", "[[1,\"2.5\",0.5]]", "4"},
      {"sum", "[[0.1,0.2]]", "0.3"},
      {"sum", "[[]]", "error in list: cannot sum an empty list"},
      {"sum", "[1]", "error in list: cannot sum noniterable"},
      {"sum", "[{\"a\":1}]",
       "error in list: argument must be list, set, or tuple. Received object"},
      {"sum", "[[1,null]]", "error in list: argument must be list, set, or tuple of number values"},
      {"sum", "[[1,\"x\"]]",
       "error in list: argument must be list, set, or tuple of number values"},
  });
  Call call;
  const Value opposite =
      Value::tuple({Value::number(Number::infinity()), Value::number(Number::infinity(true))});
  EXPECT_EQ(outcome_text("sum", call.outcome("sum", {opposite})),
            "error: can't compute sum of opposing infinities");
}

TEST(NumericFunctions, RangeStopsBeforeItsEnd) {
  constexpr const char* kTooMany =
      "error: more than 1024 values were generated; either decrease the difference between start "
      "and end or use a smaller step";
  expect_calls({
      {"range", "[3]", "[0,1,2]"},
      {"range", "[-2]", "[0,-1]"},
      {"range", "[0]", "[]"},
      {"range", "[1.5,4]", "[1.5,2.5,3.5]"},
      {"range", "[4,1]", "[4,3,2]"},
      {"range", "[0,10,4]", "[0,4,8]"},
      {"range", "[0,2000]", kTooMany},
      {"range", "[1,2,0]", kTooMany},
      {"range", "[5,1,1]", "error in params: end must be greater than start when step is positive"},
      {"range", "[1,5,-1]", "error in params: end must be less than start when step is negative"},
      {"range", "[]", "error: must have one, two, or three arguments"},
      {"range", "[1,2,3,4]", "error: must have one, two, or three arguments"},
  });
  Call call;
  const Outcome longest = call.outcome("range", {Value::number(1024)});
  EXPECT_EQ(std::get<Value>(longest).size(), 1024U);
}

TEST(FunctionTable, AnswersUnknownArgumentsWithTheResultsType) {
  Call call;
  const Outcome absolute = call.outcome("abs", {Value::unknown(Type::number())});
  EXPECT_FALSE(std::get<Value>(absolute).is_known());
  EXPECT_EQ(std::get<Value>(absolute).type(), Type::number());
  const Value partly = Value::tuple({Value::number(1), Value::unknown(Type::number())});
  const Outcome total = call.outcome("sum", {partly});
  EXPECT_FALSE(std::get<Value>(total).is_known());
}

TEST(FunctionTable, HasEveryFunctionOfTheReference) {
  const std::vector<std::string> names = {"abs",
                                          "abspath",
                                          "alltrue",
                                          "anytrue",
                                          "aws_secretsmanager",
                                          "aws_secretsmanager_raw",
                                          "base64decode",
                                          "base64encode",
                                          "base64gzip",
                                          "basename",
                                          "bcrypt",
                                          "ceil",
                                          "chomp",
                                          "chunklist",
                                          "cidrhost",
                                          "cidrnetmask",
                                          "cidrsubnet",
                                          "cidrsubnets",
                                          "coalesce",
                                          "coalescelist",
                                          "compact",
                                          "concat",
                                          "consul_key",
                                          "contains",
                                          "csvdecode",
                                          "dirname",
                                          "distinct",
                                          "element",
                                          "endswith",
                                          "env",
                                          "file",
                                          "filebase64",
                                          "fileexists",
                                          "fileset",
                                          "flatten",
                                          "floor",
                                          "format",
                                          "formatdate",
                                          "formatlist",
                                          "indent",
                                          "index",
                                          "join",
                                          "jsondecode",
                                          "jsonencode",
                                          "keys",
                                          "legacy_isotime",
                                          "legacy_strftime",
                                          "length",
                                          "log",
                                          "lookup",
                                          "lower",
                                          "max",
                                          "md5",
                                          "merge",
                                          "min",
                                          "parseint",
                                          "pathexpand",
                                          "pow",
                                          "range",
                                          "regex",
                                          "regex_replace",
                                          "regexall",
                                          "replace",
                                          "reverse",
                                          "rfc3339_parse",
                                          "rsadecrypt",
                                          "setintersection",
                                          "setproduct",
                                          "setunion",
                                          "sha1",
                                          "sha256",
                                          "sha512",
                                          "signum",
                                          "slice",
                                          "sort",
                                          "split",
                                          "startswith",
                                          "strcontains",
                                          "strrev",
                                          "substr",
                                          "sum",
                                          "templatefile",
                                          "textdecodebase64",
                                          "textencodebase64",
                                          "timeadd",
                                          "timestamp",
                                          "title",
                                          "trim",
                                          "trimprefix",
                                          "trimspace",
                                          "trimsuffix",
                                          "unix_timestamp_parse",
                                          "upper",
                                          "urlencode",
                                          "uuidv4",
                                          "uuidv5",
                                          "values",
                                          "vault",
                                          "yamldecode",
                                          "yamlencode",
                                          "zipmap"};
  std::vector<std::string> found;
  for (const auto& [name, function] : function_table()) {
    found.push_back(name);
    EXPECT_EQ(name, function.name);
    EXPECT_FALSE(function.description.empty()) << name;
  }
  EXPECT_EQ(found, names);
}

}  // namespace
}  // namespace farm::functions
