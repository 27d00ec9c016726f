#include "ops/farmctl/upgrade/engine_text.h"

#include <gtest/gtest.h>

namespace farm::farmctl {
namespace {

EngineScope scope() {
  EngineScope scope;
  scope.user = [](const std::string& name) { return "var." + name; };
  scope.build_values = true;
  return scope;
}

struct Case {
  const char* text;
  const char* upgraded;
};

TEST(EngineText, WordsBecomeHcl2) {
  const Case cases[] = {
      {"plain", R"("plain")"},
      {"{{user `a`}}", R"("${var.a}")"},
      {"x-{{ user \"a\" }}-y", R"("x-${var.a}-y")"},
      {"cost${{user `a`}}", R"("cost${"$"}${var.a}")"},
      {"{{timestamp}}", R"("${local.timestamp}")"},
      {"{{isotime}}", R"("${legacy_isotime()}")"},
      {"{{isotime \"2006-01-02\"}}", R"("${legacy_isotime("2006-01-02")}")"},
      {"{{strftime `%Y`}}", R"("${legacy_strftime("%Y")}")"},
      {"{{build `ID`}}", R"("${build.ID}")"},
      {"{{build_name}}.{{build_type}}", R"("${source.name}.${source.type}")"},
      {"{{template_dir}}/x {{pwd}}", R"("${path.root}/x ${path.cwd}")"},
      {"{{uuid}} {{packer_version}}", R"("${uuidv4()} ${packer.version}")"},
      {"{{user `a` | upper}}", R"("${upper(var.a)}")"},
      {"{{lower (user `a`)}}", R"("${lower(var.a)}")"},
      {"{{split (user `a`) `-` 1}}", R"("${split("-", var.a)[1]}")"},
      {"{{isotime | replace_all `:` `-`}}", R"("${replace(legacy_isotime(), ":", "-")}")"},
      {"{{replace `a` `b` -1 (user `x`)}}", R"("${replace(var.x, "a", "b")}")"},
      {"{{ .Vars }} sh '{{.Path}}'", R"("{{ .Vars }} sh '{{ .Path }}'")"},
      {"{{\"{{\"}} x", R"("{{ \"{{\" }} x")"},
      {"{{`a`}}", R"("a")"},
      {"a {{- user `b` -}} c", R"("a${var.b}c")"},
      {"{{if eq (user `a`) `x`}}1{{else}}2{{end}}",
       R"("%{ if var.a == "x" }1%{ else }2%{ endif }")"},
      {"{{if user `a`}}1{{end}}", R"("%{ if var.a != "" }1%{ endif }")"},
      {"{{if or (eq (user `a`) `x`) (not (ne (user `b`) `y`))}}{{user `c`}}{{end}}",
       R"("%{ if (var.a == "x" || !(var.b != "y")) }${var.c}%{ endif }")"},
      {"{{if eq (user `a`) `x` `y`}}1{{end}}",
       R"("%{ if (var.a == "x" || var.a == "y") }1%{ endif }")"},
      // Left to the engine, with what it cannot know in HCL2 filled in.
      {"{{user `a` | clean_resource_name}}", R"("{{${jsonencode(var.a)} | clean_resource_name}}")"},
      {"{{ printf `%s` (user `a`) }}", R"("{{ printf `%s` (${jsonencode(var.a)}) }}")"},
      {"{{isotime | clean_resource_name}}", R"("{{isotime | clean_resource_name}}")"},
      {"{{range $i := (user `a`)}}x{{end}}", R"("{{range $i := (${jsonencode(var.a)})}}x{{end}}")"},
      {"not closed {{ user `a`", R"("not closed {{ ${jsonencode(var.a)}")"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EngineText engine(scope());
    EXPECT_EQ(engine.quoted(c.text), c.upgraded);
  }
}

TEST(EngineText, WhatCannotBeConvertedIsNoted) {
  EngineText engine(scope());
  EXPECT_EQ(engine.quoted("{{env `HOME`}}"), R"("{{env `HOME`}}")");
  EXPECT_EQ(engine.take_unhandled(),
            std::vector<std::string>{R"({{ env }} in "{{env `HOME`}}")"});
  EXPECT_EQ(engine.quoted("{{user `a`}}"), R"("${var.a}")");
  EXPECT_TRUE(engine.take_unhandled().empty());
}

TEST(EngineText, SecretsOfVariablesBecomeCalls) {
  EngineScope variables = scope();
  variables.environment = [](const std::string& name) { return "env(\"" + name + "\")"; };
  const Case cases[] = {
      {"{{vault `p` `k`}}", R"("${vault("p", "k")}")"},
      {"{{aws_secretsmanager `n` `k`}}", R"("${aws_secretsmanager("n", "k")}")"},
      {"{{aws_secretsmanager `n`}}",
       R"x("${try(values(jsondecode(aws_secretsmanager_raw("n")))[0], aws_secretsmanager_raw("n"))}")x"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(EngineText(variables).quoted(c.text), c.upgraded);
  }
}

TEST(EngineText, ADefaultMayCallEnvOnly) {
  EngineScope only = scope();
  only.env_only = true;
  only.environment = [](const std::string& name) { return "env(\"" + name + "\")"; };
  EngineText engine(only);
  EXPECT_EQ(engine.quoted_wholly("{{env `HOME`}}/x"), R"("${env("HOME")}/x")");
  EXPECT_EQ(engine.quoted_wholly("{{ .Vars }}"), R"("{{ .Vars }}")");
  for (const char* text : {"{{user `a`}}", "{{timestamp}}", "{{upper `a`}}"}) {
    EXPECT_EQ(engine.quoted_wholly(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace farm::farmctl
