#include "common/template/json/variable_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farm::json {
namespace {

using testing::ElementsAre;

struct Case {
  const char* name;
  const char* text;
  const char* expected;  // the values as JSON, then each problem
};

const Case kCases[] = {
    {"types", R"({"s": "x", "n": 1.50, "b": true, "z": null, "l": [1, "a"], "o": {"k": {"q": 2}}})",
     R"(s="x" n=1.5 b=true z=null l=[1,"a"] o={"k":{"q":2}})"},
    {"comments are left out", R"({"//": "why", "a": 1})", "a=1"},
    {"texts and keys are no templates", R"({"a": {"k${1 + 1}": ["v%{ if", "$${x}", "${"]}})",
     R"(a={"k${1 + 1}":["v%{ if","$${x}","${"]})"},
    {"the same name twice", "{\"a\": 1,\n \"a\": 2}",
     "a=1 ! 2:2 Duplicate attribute definition, first 1:2"},
    {"the same key twice", R"({"a": {"x": 1, "x": 2}})",
     "a=? ! 1:16 Duplicate object attribute, first 1:8"},
    {"no object", "[{\"a\": 1}]", " ! 1:1 Incorrect JSON value type"},
    {"no JSON", "{\"a\": }", " ! 1:7 Error parsing JSON"},
    {"a number past all bounds", R"({"a": 1e99999999})", "a=? ! 1:7 Invalid number"},
};

std::string read(const std::string& text) {
  Diagnostics diagnostics;
  std::string all;
  auto values = read_variable_file(text, "v.pkrvars.json", diagnostics);
  for (FileValue& item : values ? *values : std::vector<FileValue>{}) {
    const value::Value v = take_value(item, diagnostics);
    const Result<std::string> shown = value::to_json(v);
    all += (all.empty() ? "" : " ") + item.name + "=" + (shown ? *shown : "?");
  }
  for (const Diagnostic& item : diagnostics.items()) {
    const auto place = [](const SourceRange& range) {
      return std::to_string(range.start.line) + ":" + std::to_string(range.start.column);
    };
    all += " ! " + place(*item.subject) + " " + item.summary;
    if (item.context) all += ", first " + place(*item.context);
  }
  return all;
}

TEST(VariableFile, GivesTheValuesInTheirOrder) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(read(c.text), c.expected);
  }
}

TEST(LiteralValue, LeavesTemplatesAlone) {
  Diagnostics diagnostics;
  const hcl2::BodyPtr json =
      hcl2::parse_json_body(R"({"a": "${x} %{q}"})", "t.pkr.json", diagnostics);
  const auto attributes = json->just_attributes(diagnostics);
  const auto text = literal_value(*attributes.at(0).expression, diagnostics);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->as_string(), "${x} %{q}");
  EXPECT_TRUE(diagnostics.empty());
  const hcl2::ExpressionPtr native = hcl2::parse_expression("1", "t.pkr.hcl", diagnostics);
  EXPECT_FALSE(literal_value(*native, diagnostics).has_value());
}

TEST(EachTemplate, ShowsThePartsOfAnExpression) {
  Diagnostics diagnostics;
  const hcl2::BodyPtr json = hcl2::parse_json_body(
      "{\"a\": [\"x\", \"${y}\",\n {\"k${z}\": \"%{q}\"}]}", "t.pkr.json", diagnostics);
  std::vector<std::string> seen;
  each_template(*json->just_attributes(diagnostics).at(0).expression,
                [&](const std::string& text, SourcePosition start) {
                  seen.push_back(std::to_string(start.line) + ":" + std::to_string(start.column) +
                                 " " + text);
                });
  EXPECT_THAT(seen, ElementsAre("1:14 ${y}", "2:4 k${z}", "2:13 %{q}"));
}

}  // namespace
}  // namespace farm::json
