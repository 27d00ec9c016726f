#include "common/template/json/legacy_variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/template/json/diagnostic_lines.h"

namespace farm::json {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Values = std::map<std::string, std::string>;

Diagnosed<Values> resolve(const std::string& variables, const Values& given = {}) {
  const auto parsed = parse_legacy_template("{\"variables\":" + variables + "}", "t.json");
  EXPECT_TRUE(parsed.ok());
  SeededRandom random(1);
  VariableWorld world{{}, random, {}, {}};
  world.inputs.start = WallTime{1'704'164'645'000'000'000};
  world.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/root";
    return std::nullopt;
  };
  return resolve_variables(*parsed.value, given, world);
}

TEST(LegacyVariables, ReferToEachOtherInAnyOrder) {
  const auto result = resolve(
      R"({"a":"{{user `b`}}-1","b":"{{user `c`}}-2","c":"{{env `HOME`}}{{env `NONE`}}","t":"{{timestamp}}"})");
  EXPECT_THAT(summaries(result.diagnostics), IsEmpty());
  EXPECT_EQ(*result.value, (Values{{"a", "/root-2-1"}, {"b", "/root-2"}, {"c", "/root"},
                                   {"t", "1704164645"}}));
}

TEST(LegacyVariables, GivenValuesWinAndAreTemplatesToo) {
  const auto result = resolve(R"({"a":"x","r":null})",
                              {{"a", "{{user `extra`}}!"}, {"r", "1"}, {"extra", "undeclared"}});
  EXPECT_THAT(summaries(result.diagnostics), IsEmpty());
  EXPECT_EQ(*result.value, (Values{{"a", "undeclared!"}, {"extra", "undeclared"}, {"r", "1"}}));
}

TEST(LegacyVariables, DotFieldsStayForLater) {
  const auto result =
      resolve(R"({"cmd":"{{ .Vars }} sudo {{user `shell`}} {{.Path}}","shell":"bash"})");
  EXPECT_THAT(summaries(result.diagnostics), IsEmpty());
  EXPECT_EQ(result.value->at("cmd"), "{{ .Vars }} sudo bash {{.Path}}");
}

TEST(LegacyVariables, RequiredOnesAreReportedAllAtOnce) {
  const auto result = resolve("{\"a\":null,\n\"b\":null,\n\"c\":\"{{user `zz`}}\"}");
  EXPECT_FALSE(result.value);
  EXPECT_THAT(summaries(result.diagnostics), ElementsAre("E 1:19 required variable not set: a",
                                                         "E 2:5 required variable not set: b"));
  EXPECT_EQ(result.diagnostics.items()[0].hint, "pass -var a=VALUE or a -var-file");
}

TEST(LegacyVariables, LoopsAndUnknownNamesAreErrors) {
  const std::string advice =
      ": Please make sure that the variable you're referencing has been defined; Packer treats all "
      "variables used to interpolate other user variables as required.";
  EXPECT_THAT(summaries(resolve("{\"c\":\"{{user `d`}}\"}").diagnostics),
              ElementsAre("E 1:19 Failed to interpolate \"c\": \"{{user `d`}}\"; error: template: "
                          "root:1:2: executing \"root\" at <user `d`>: error calling user: Error: "
                          "variable not set: d" +
                          advice));
  EXPECT_EQ(summaries(resolve(R"({"a":"{{user `b`}}","b":"{{user `a`}}"})").diagnostics).size(),
            2U);
  EXPECT_THAT(
      summaries(resolve("{\"c\":\"x\"}", {{"g", "{{foo}}"}}).diagnostics),
      ElementsAre("E - Failed to interpolate \"g\": \"{{foo}}\"; error: template: root:1: function "
                  "\"foo\" not defined"));
}

TEST(LegacyVariables, AValueThatKeepsCallingUserEndsAfterAHundredPasses) {
  const auto result = resolve(R"({"a":"{{ `{{user \"a\"}}` }}"})");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.diagnostics.size(), 1U);
}

}  // namespace
}  // namespace farm::json
