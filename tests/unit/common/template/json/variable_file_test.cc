#include "common/template/json/variable_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/template/hcl2/evaluation.h"

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
    {"keys and texts may be templates", R"({"a": {"k${1 + 1}": "v%{ if true }w%{ endif }"}})",
     R"(a={"k2":"vw"})"},
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
  hcl2::World world;
  std::string all;
  auto values = read_variable_file(text, "v.pkrvars.json", diagnostics);
  for (FileValue& item : values ? *values : std::vector<FileValue>{}) {
    const value::Value v = take_value(item, world.context(), diagnostics);
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

TEST(VariableFile, ShowsEveryTemplate) {
  Diagnostics diagnostics;
  auto values = read_variable_file("{\"a\": [\"x\", \"${y}\",\n {\"k${z}\": \"%{q}\"}]}", "v.json",
                                   diagnostics);
  std::vector<std::string> seen;
  each_template(values->front(), [&](const std::string& text, SourcePosition start) {
    seen.push_back(std::to_string(start.line) + ":" + std::to_string(start.column) + " " + text);
  });
  EXPECT_THAT(seen, ElementsAre("1:14 ${y}", "2:4 k${z}", "2:13 %{q}"));
}

}  // namespace
}  // namespace farm::json
