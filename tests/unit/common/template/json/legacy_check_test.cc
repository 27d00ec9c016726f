#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/template/json/legacy_template.h"
#include "tests/unit/common/template/json/diagnostic_lines.h"

namespace farm::json {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> check(const char* text, const std::string& version = "1.16.0") {
  const auto parsed = parse_legacy_template(text, "t.json");
  EXPECT_TRUE(parsed.ok());
  Diagnostics diagnostics;
  check_legacy_template(*parsed.value, version, diagnostics);
  return summaries(diagnostics);
}

TEST(LegacyCheck, NamesMustExist) {
  EXPECT_THAT(
      check(R"({"builders":[{"type":"null"}],
"provisioners":[{"type":"shell","only":["a"],"override":{"zz":{}}},{"type":"b","only":["null"],"except":["x"]}],
"error-cleanup-provisioner":{"type":"shell","except":["c"]},
"post-processors":[{"type":"manifest","except":["nul"]},["a",{"type":"b","only":["null"]}]]})"),
      ElementsAre("E 2:41 provisioner 1: 'only' specified builder 'a' not found",
                  "E 2:58 provisioner 1: override 'zz' doesn't exist",
                  "E 2:80 provisioner 2: only one of 'only' or 'except' may be specified",
                  "E 3:55 error-cleanup-provisioner: 'except' specified builder 'c' not found",
                  "E 4:49 post-processor 1.1: 'except' specified builder 'nul' not found"));
}

TEST(LegacyCheck, NeedsABuilder) {
  EXPECT_THAT(check("{}"), ElementsAre("E 1:1 at least one builder must be defined"));
}

TEST(LegacyCheck, ComparesTheMinimumVersion) {
  const auto with = [](const std::string& version) {
    return "{\"builders\":[{\"type\":\"a\"}],\"min_packer_version\":\"" + version + "\"}";
  };
  EXPECT_THAT(check(with("1.16.0").c_str()), IsEmpty());
  EXPECT_THAT(check(with("v1.9").c_str()), IsEmpty());
  EXPECT_THAT(check(with("1.16.0-dev").c_str()), IsEmpty());
  EXPECT_THAT(check(with("1.16.1").c_str()),
              ElementsAre("E 1:49 This template requires Packer version 1.16.1 or higher; using "
                          "1.16.0"));
  EXPECT_THAT(check(with("1.16.0").c_str(), "1.16.0-dev"),
              ElementsAre("E 1:49 This template requires Packer version 1.16.0 or higher; using "
                          "1.16.0-dev"));
  EXPECT_THAT(check(with("abc").c_str()),
              ElementsAre("E 1:49 min_packer_version is invalid: Malformed version: abc"));
}

TEST(LegacyVarFile, IsAnObjectOfStrings) {
  const auto good = parse_legacy_var_file(R"({"a":"1","b":null})", "v.json");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good.value, (std::map<std::string, std::string>{{"a", "1"}, {"b", ""}}));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"a":5})", "E 1:6 Error reading variables in 'v.json': json: cannot unmarshal number "
                     "into Go value of type string"},
      {R"({"a":{}})", "E 1:6 Error reading variables in 'v.json': json: cannot unmarshal object "
                      "into Go value of type string"},
      {"[]", "E 1:1 Error reading variables in 'v.json': json: cannot unmarshal array into Go "
             "value of type map[string]string"},
      {"[", "E 1:2 Error reading variables in 'v.json': unexpected end of JSON input"},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    EXPECT_THAT(summaries(parse_legacy_var_file(text, "v.json").diagnostics),
                ElementsAre(expected));
  }
}

}  // namespace
}  // namespace farm::json
