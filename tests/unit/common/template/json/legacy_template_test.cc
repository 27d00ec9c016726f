#include "common/template/json/legacy_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/template/json/diagnostic_lines.h"

namespace farm::json {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kTemplate = R"({
  "_comment": "a build",
  "description": "two images",
  "min_packer_version": "1.4.0",
  "variables": {"name": "web", "password": null},
  "sensitive-variables": ["password"],
  "builders": [
    {"type": "qemu", "name": "{{user `name`}}", "disk_size": 10, "nets": [{"a": "b"}]},
    {"Type": "null", "communicator": "none"}
  ],
  "provisioners": [
    {"type": "shell", "inline": ["echo"], "only": ["null"], "pause_before": "10s",
     "timeout": 5000000000, "max_retries": 3, "override": {"null": {"inline": ["x"]}}}
  ],
  "error-cleanup-provisioner": {"type": "shell-local", "inline": ["y"], "max_retries": "{{user `r`}}"},
  "post-processors": [
    "compress",
    {"type": "manifest", "name": "m", "except": ["null"], "keep_input_artifact": true},
    [{"type": "vagrant", "output": "o"}, "checksum"]
  ],
  "push": {"name": "x"}
})";

TEST(LegacyTemplate, ReadsEveryPart) {
  const auto result = parse_legacy_template(kTemplate, "t.json");
  ASSERT_TRUE(result.value);
  EXPECT_THAT(summaries(result.diagnostics), IsEmpty());
  const LegacyTemplate& parsed = *result.value;
  EXPECT_EQ(parsed.description, "two images");
  EXPECT_EQ(parsed.min_packer_version, "1.4.0");
  ASSERT_EQ(parsed.variables.size(), 2U);
  EXPECT_EQ(parsed.variables[0].default_text, "web");
  EXPECT_FALSE(parsed.variables[0].sensitive);
  EXPECT_EQ(parsed.variables[1].default_text, std::nullopt);
  EXPECT_TRUE(parsed.variables[1].sensitive);

  ASSERT_EQ(parsed.builders.size(), 2U);
  EXPECT_EQ(parsed.builders[0].type, "qemu");
  EXPECT_EQ(parsed.builders[0].name, "{{user `name`}}");
  EXPECT_EQ(*value::to_json(parsed.builders[0].config), R"({"disk_size":10,"nets":[{"a":"b"}]})");
  EXPECT_EQ(parsed.builders[1].name, "null");
  EXPECT_FALSE(parsed.builders[1].has_name);

  ASSERT_EQ(parsed.provisioners.size(), 1U);
  const LegacyProvisioner& shell = parsed.provisioners[0];
  EXPECT_THAT(shell.only, ElementsAre("null"));
  EXPECT_EQ(shell.pause_before, std::chrono::seconds(10));
  EXPECT_EQ(shell.timeout, std::chrono::seconds(5));
  EXPECT_EQ(shell.max_retries, "3");
  EXPECT_EQ(*value::to_json(shell.overrides.at("null")), R"({"inline":["x"]})");
  EXPECT_EQ(*value::to_json(shell.component.config), R"({"inline":["echo"]})");
  ASSERT_TRUE(parsed.error_cleanup);
  EXPECT_EQ(parsed.error_cleanup->max_retries, "{{user `r`}}");

  ASSERT_EQ(parsed.post_processors.size(), 3U);
  EXPECT_EQ(parsed.post_processors[0][0].component.type, "compress");
  EXPECT_EQ(parsed.post_processors[1][0].component.name, "m");
  EXPECT_THAT(parsed.post_processors[1][0].except, ElementsAre("null"));
  EXPECT_EQ(parsed.post_processors[1][0].keep_input_artifact, true);
  ASSERT_EQ(parsed.post_processors[2].size(), 2U);
  EXPECT_EQ(parsed.post_processors[2][1].component.type, "checksum");
  EXPECT_EQ(parsed.post_processors[2][1].keep_input_artifact, std::nullopt);
}

TEST(LegacyTemplate, KnowsThePlaceOfEveryOption) {
  const auto result = parse_legacy_template(kTemplate, "t.json");
  ASSERT_TRUE(result.value);
  const LegacyComponent& qemu = result.value->builders[0];
  const auto at = [&](std::vector<std::string> path) {
    return place(result.value->range_of(qemu, path));
  };
  EXPECT_EQ(at({}), "8:5");
  EXPECT_EQ(at({"disk_size"}), "8:49");
  EXPECT_EQ(at({"nets"}), "8:66");
  EXPECT_EQ(at({"nets", "0"}), "8:75");
  EXPECT_EQ(at({"nets", "0", "a"}), "8:76");
  EXPECT_EQ(at({"nets", "7", "a"}), "8:66");
  EXPECT_EQ(at({"missing"}), "8:5");
}

struct ErrorCase {
  const char* text;
  std::vector<std::string> expected;
};

TEST(LegacyTemplate, ReportsEveryError) {
  const std::vector<ErrorCase> cases = {
      {"[1]", {"E 1:1 '' expected a map, got 'slice'"}},
      {R"({"builders":[{"type":"null","x":1,"x":2}]})",
       {"E 1:35 template has duplicate field: x"}},
      {R"({"Foo":1,"provisionerz":[],"_c":5})",
       {"E 1:2 Unknown root level key in template: 'Foo'",
        "E 1:10 Unknown root level key in template: 'provisionerz'",
        "E 1:33 comment '_c' expected type 'string', got unconvertible type 'float64', value: "
        "'5'"}},
      {R"({"variables":{"a":1,"b":[]}})",
       {"E 1:19 variable a: '' expected type 'string', got unconvertible type 'float64', value: '1'",
        "E 1:25 variable b: '' expected type 'string', got unconvertible type '[]interface {}'"}},
      {R"({"variables":[1],"builders":{"type":"null"},"description":5,"min_packer_version":1,"sensitive-variables":"x"})",
       {"E 1:14 'variables' expected a map, got 'slice'",
        "E 1:29 'builders': source data must be an array or slice, got map",
        "E 1:59 'description' expected type 'string', got unconvertible type 'float64', value: '5'",
        "E 1:82 'min_packer_version' expected type 'string', got unconvertible type 'float64', "
        "value: '1'",
        "E 1:106 'sensitive-variables': source data must be an array or slice, got string"}},
      {R"({"builders":[{"x":1},{"type":"null","name":"x"},{"type":"null","name":"x"},5,{"type":7}]})",
       {"E 1:14 builder 1: missing 'type'",
        "E 1:49 builder 3: builder with name 'x' already exists",
        "E 1:76 builder 4: '' expected a map, got 'float64'",
        "E 1:86 builder 5: 'type' expected type 'string', got unconvertible type 'float64', value: "
        "'7'"}},
      {R"({"provisioners":[{"x":1},5,{"type":"shell","pause_before":"abc"},{"type":"shell","timeout":"5"},{"type":"shell","override":5},{"type":"shell","max_retries":"x"},{"type":"a","override":{"b":1}},{"type":"a","only":[1]}]})",
       {"E 1:18 provisioner 1: Provisioner missing 'type'",
        "E 1:26 provisioner 2: Error decoding provisioner: '' expected a map, got 'float64'",
        "E 1:59 provisioner 3: Error decoding provisioner: error decoding 'pause_before': time: "
        "invalid duration \"abc\"",
        "E 1:92 provisioner 4: Error decoding provisioner: error decoding 'timeout': time: missing "
        "unit in duration \"5\"",
        "E 1:124 provisioner 5: Error decoding provisioner: 'Override' expected a map, got "
        "'float64'",
        "E 1:157 provisioner 6: `max_retries` must be a valid integer",
        "E 1:190 provisioner 7: Error decoding provisioner: override 'b': '' expected a map, got "
        "'float64'",
        "E 1:214 provisioner 8: 'only' expected type 'string', got unconvertible type 'float64', "
        "value: '1'"}},
      {R"({"error-cleanup-provisioner":{"x":1}})",
       {"E 1:30 On Error Cleanup Provisioner error: Provisioner missing 'type'"}},
      {R"({"post-processors":[5,{"x":1},[["m"]],{"type":"m","keep_input_artifact":"z"},[1,""]]})",
       {"E 1:21 post-processor 1: bad format", "E 1:23 post-processor 2.1: type is required",
        "E 1:32 post-processor 3.1: sequence not allowed to be nested in a sequence",
        "E 1:73 post-processor 4.1: 'keep_input_artifact' expected type 'bool', got unconvertible "
        "type 'string', value: 'z'",
        "E 1:79 post-processor 5.1: bad format", "E 1:81 post-processor 5.2: type is required"}},
  };
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.text);
    const auto result = parse_legacy_template(c.text, "t.json");
    EXPECT_EQ(summaries(result.diagnostics), c.expected);
    EXPECT_FALSE(result.ok());
  }
}

TEST(LegacyTemplate, SuggestsTheRootKeyThatWasMeant) {
  const auto result = parse_legacy_template(R"({"provisionerz":[],"xyz":1})", "t.json");
  ASSERT_EQ(result.diagnostics.size(), 2U);
  EXPECT_EQ(result.diagnostics.items()[0].hint, "Did you mean \"provisioners\"?");
  EXPECT_EQ(result.diagnostics.items()[1].hint, "A comment's key begins with _.");
}

TEST(LegacyTemplate, SyntaxErrorsPointAtTheLine) {
  const auto result = parse_legacy_template("{\n  \"builders\": [1,]\n}", "t.json");
  EXPECT_FALSE(result.value);
  ASSERT_EQ(result.diagnostics.size(), 1U);
  const Diagnostic& found = result.diagnostics.items()[0];
  EXPECT_EQ(found.summary,
            "Failed to parse file as legacy JSON template: if you are using an HCL template, check "
            "your file extensions; they should be either *.pkr.hcl or *.pkr.json");
  EXPECT_EQ(found.detail,
            "Original error: Error parsing JSON: invalid character ']' looking for beginning of "
            "value\nAt line 2, column 17 (offset 19):\n    2:   \"builders\": [1,]\n"
            "                       ^");
  EXPECT_EQ(found.hint, "JSON allows no comma after the last item: remove this one");
}

TEST(LegacyTemplate, OldSpellingsAreReadWithAWarning) {
  const auto result = parse_legacy_template(
      "{\"builders\":[{\"type\":\"qemu\",\n\"iso_checksum\":\"abc\",\n\"iso_checksum_type\":\"sha256\","
      "\"ssh_wait_timeout\":\"5m\"}]}",
      "t.json");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*value::to_json(result.value->builders[0].config),
            R"({"iso_checksum":"sha256:abc","ssh_wait_timeout":"5m"})");
  EXPECT_THAT(summaries(result.diagnostics),
              ElementsAre("W 3:1 Old spelling in builder 'qemu': iso_checksum_type"));
  EXPECT_EQ(result.diagnostics.items()[0].detail, "It is read as iso_checksum = \"sha256:abc\".");
  EXPECT_EQ(result.diagnostics.items()[0].hint,
            "`farmctl fix t.json` prints the template in today's spelling");
}

}  // namespace
}  // namespace farm::json
