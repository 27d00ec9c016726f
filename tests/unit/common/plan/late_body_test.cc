#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders/core/schema/catalog.h"
#include "common/plan/render.h"
#include "tests/unit/common/plan/planning.h"

namespace farm::plan {
namespace {

constexpr const char* kTemplate = R"(
variable "greeting" { default = "hello" }
locals { unused = "never shipped" }
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  dynamic "provisioner" {
    for_each = ["one"]
    labels   = ["shell-local"]
    content {
      inline   = ["${var.greeting} ${build.Host} ${provisioner.value} {{build_name}}"]
      override = { a = { environment_vars = ["ID=${build.ID}"] } }
    }
  }
})";

class LateBodies : public testing::Test {
 protected:
  LateBodies() : planning_("a.pkr.hcl", kTemplate) {
    planning_.load.path = "a.pkr.hcl";
    planned_ = planning_.run();
  }
  const ComponentSpec& spec() { return planned_.value->jobs.at(0).provisioners.at(0).component; }
  const ComponentSchema& schema() {
    return *builders::component_catalog().find(ComponentKind::Provisioner, "shell-local");
  }
  Planning planning_;
  Diagnosed<Plan> planned_;
};

TEST_F(LateBodies, ShipOnlyWhatTheyUse) {
  ASSERT_EQ(dump(planned_.diagnostics), "");
  ASSERT_TRUE(spec().late.has_value());
  EXPECT_EQ(spec().late->scope.get("local"), nullptr);
  EXPECT_EQ(spec().late->scope.get("var")->get("greeting")->as_string(), "hello");
}

TEST_F(LateBodies, AreEvaluatedWithRealValues) {
  const value::Value::Map build = {{"Host", value::Value::string("10.0.0.9")},
                                   {"ID", value::Value::string("vm-1")}};
  const Result<value::Value> config = resolve_late(spec(), schema(), &build, WallTime{0}, "/tmp");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->get("inline")->elements().at(0).as_string(),
            "hello 10.0.0.9 one {{build_name}}");
  EXPECT_EQ(config->get("environment_vars")->elements().at(0).as_string(), "ID=vm-1");
}

TEST_F(LateBodies, SeePlaceholdersAtPrepare) {
  const Result<value::Value> config = resolve_late(spec(), schema(), nullptr, WallTime{0}, "/tmp");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->get("inline")->elements().at(0).as_string(),
            "hello <unknown> one {{build_name}}");
}

TEST_F(LateBodies, ReportMissingBuildValues) {
  const value::Value::Map build = {{"ID", value::Value::string("vm-1")}};
  const Result<value::Value> config = resolve_late(spec(), schema(), &build, WallTime{0}, "/tmp");
  ASSERT_FALSE(config.has_value());
  EXPECT_NE(config.error().message.find("Unsupported attribute"), std::string::npos)
      << config.error().message;
}

TEST(LateBody, KeepsMarksOfIterators) {
  Planning planning("a.pkr.hcl", R"(
variable "tokens" {
  default   = ["s3cret"]
  sensitive = true
}
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  dynamic "provisioner" {
    for_each = var.tokens
    labels   = ["shell-local"]
    iterator = it
    content {
      inline = [for source in ["x"] : "${source} ${build.ID} ${md5(it.value)}"]
    }
  }
})");
  const Diagnosed<Plan> planned = planning.run();
  ASSERT_EQ(dump(planned.diagnostics), "");
  const value::Value::Map build = {{"ID", value::Value::string("vm-1")}};
  const Result<value::Value> config = resolve_late(
      planned.value->jobs.at(0).provisioners.at(0).component,
      *builders::component_catalog().find(ComponentKind::Provisioner, "shell-local"), &build,
      WallTime{0}, "/tmp");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const value::Value& line = config->get("inline")->elements().at(0);
  EXPECT_EQ(line.as_string(), "x vm-1 33e1b232a4e6fa0028a6670753749a17");
  EXPECT_TRUE(config->get("inline")->has_sensitive());
}

TEST(LateBody, KeepsOverridesByTheDeclaredName) {
  Planning planning("a.pkr.hcl", R"(
source "null" "a" { communicator = "none" }
build {
  source "null.a" { name = "local" }
  provisioner "shell-local" {
    inline   = ["${build.ID}"]
    override = { a = { inline = ["other"] } }
  }
})");
  const Diagnosed<Plan> planned = planning.run();
  ASSERT_EQ(dump(planned.diagnostics), "");
  const Result<value::Value> config = resolve_late(
      planned.value->jobs.at(0).provisioners.at(0).component,
      *builders::component_catalog().find(ComponentKind::Provisioner, "shell-local"), nullptr,
      WallTime{0}, "/tmp");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->get("inline")->elements().at(0).as_string(), "other");
}

TEST(RenderConfig, RendersAllButLateOptions) {
  const ComponentSchema& schema =
      *builders::component_catalog().find(ComponentKind::Provisioner, "shell");
  RenderInputs inputs;
  inputs.build_name = "base";
  SeededRandom random(1);
  const value::Value raw = value::Value::object(
      {{"execute_command", value::Value::string("{{.Vars}} {{.Path}}")},
       {"remote_folder", value::Value::string("/tmp/{{build_name}}")},
       {"env", value::Value::map(value::Type::string(),
                                 {{"K", value::Value::string("{{build_name}}")}})}});
  const Result<value::Value> config = render_config(raw, schema, inputs, random, nullptr);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->get("execute_command")->as_string(), "{{.Vars}} {{.Path}}");
  EXPECT_EQ(config->get("remote_folder")->as_string(), "/tmp/base");
  EXPECT_EQ(config->get("env")->get("K")->as_string(), "base");
  const value::Value bad =
      value::Value::object({{"remote_folder", value::Value::string("{{nonsense}}")}});
  const Result<value::Value> refused = render_config(bad, schema, inputs, random, nullptr);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().message.starts_with("render 'remote_folder': "))
      << refused.error().message;
}

TEST(RenderConfig, BuildValuesAreForWhatRunsAfterTheBuilder) {
  RenderInputs inputs;
  inputs.build_type = "null";
  SeededRandom random(1);
  const auto render = [&](ComponentKind kind, const char* type, const char* option,
                          const char* text) {
    const ComponentSchema& schema = *builders::component_catalog().find(kind, type);
    const Result<value::Value> config =
        render_config(value::Value::object({{option, value::Value::string(text)}}), schema, inputs,
                      random, nullptr);
    return config ? config->get(option)->as_string() : config.error().message;
  };
  EXPECT_EQ(render(ComponentKind::Provisioner, "shell", "remote_folder", "{{build `ID`}}"),
            "{{.ID}}");
  EXPECT_THAT(render(ComponentKind::Provisioner, "shell", "remote_folder", "{{build `No`}}"),
              testing::HasSubstr("loaded data, but couldnt find No in it."));
  EXPECT_THAT(render(ComponentKind::Builder, "file", "content", "{{build `ID`}}"),
              testing::HasSubstr("Error validating build variable: the given variable ID will not "
                                 "be passed into your plugin."));
}

TEST(RenderConfig, ChecksTheSyntaxOfLateOptions) {
  struct Case {
    const char* execute_command;
    const char* problem;  // empty: good
  };
  const ComponentSchema& schema =
      *builders::component_catalog().find(ComponentKind::Provisioner, "shell");
  for (const Case& c : {Case{"{{if .Vars}}{{.Vars}} {{end}}{{.Path}}", ""},
                        Case{"{{.Vars} {{.Path}}", "invalid 'execute_command': template: root:1: "},
                        Case{"{{nope}} {{.Path}}",
                             "invalid 'execute_command': template: root:1: function \"nope\" not "
                             "defined"}}) {
    SCOPED_TRACE(c.execute_command);
    SeededRandom random(1);
    const RenderInputs inputs;
    const Result<value::Value> config = render_config(
        value::Value::object({{"execute_command", value::Value::string(c.execute_command)}}),
        schema, inputs, random, nullptr);
    const std::string problem = config ? "" : config.error().message;
    EXPECT_EQ(problem.substr(0, std::string(c.problem).size()), c.problem);
    EXPECT_EQ(config.has_value(), std::string(c.problem).empty());
  }
}

TEST(RenderConfig, CleansNamesAsTheBuilderOfThePlatformDoes) {
  struct Case {
    const char* builder;
    const char* option;
    const char* expected;  // nullptr: no such function
  };
  for (const Case& c : {Case{"amazon-ebs", "ami_name", "A b-c_-."},
                        Case{"azure-arm", "managed_image_name", "A-b-c"},
                        Case{"googlecompute", "image_name", "a-b-c---"},
                        Case{"qemu", "vm_name", nullptr}}) {
    SCOPED_TRACE(c.builder);
    SeededRandom random(1);
    const RenderInputs inputs;
    const ComponentSchema& schema =
        *builders::component_catalog().find(ComponentKind::Builder, c.builder);
    const Result<value::Value> config = render_config(
        value::Value::object(
            {{c.option, value::Value::string("{{ `A b:c_\xE2\x82\xAC.` | clean_resource_name }}")}}),
        schema, inputs, random, nullptr);
    ASSERT_EQ(config.has_value(), c.expected != nullptr);
    if (config) {
      EXPECT_EQ(config->get(c.option)->as_string(), c.expected);
    }
  }
}

}  // namespace
}  // namespace farm::plan
