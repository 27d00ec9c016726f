#include <gtest/gtest.h>

#include "tests/unit/common/template/interpolate/engine_context.h"

namespace farm::interpolate {
namespace {

using value::Value;

std::string failure(const std::string& at, const std::string& what) {
  return "error: template: root:1:3: executing \"root\" at <" + at + ">: error calling " + what;
}

TEST(PackerFunctions, GiveTheirValues) {
  EngineWorld world;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{{ user `name` }}", "web"},
      {"{{ user `unknown` }}", ""},
      {"{{ build_name }}/{{ build_type }}", "base/qemu"},
      {"{{ template_dir }}:{{ pwd }}:{{ packer_version }}", "/templates:/work:1.16.0"},
      {"{{ timestamp }}", "1704164645"},
      {"{{ isotime }}", "2024-01-02T03:04:05Z"},
      {"{{ isotime `20060102150405` }}", "20240102030405"},
      {"{{ isotime \"2006-01-02\" }}", "2024-01-02"},
      {"{{ isotime \"Mon Jan _2 15:04:05 UTC 2006\" }}", "Tue Jan  2 03:04:05 UTC 2024"},
      {"{{ isotime | replace_all `:` `-` }}", "2024-01-02T03-04-05Z"},
      {"{{ strftime \"%Y-%m-%d\" }}", "2024-01-02"},
      {"{{ upper \"aé\" }}{{ lower \"AÉ\" }}", "AÉaé"},
      {"{{ split \"a-b-c\" \"-\" 0 }}{{ split (user `region`) \"-\" 1 }}", "awest"},
      {"{{ split \"aéb\" \"\" 1 }}", "é"},
      {"{{ replace \"a\" \"b\" 1 \"aaa\" }}", "baa"},
      {"{{ replace \"a\" \"b\" -1 \"aaa\" }}", "bbb"},
      {"{{ replace_all \"\" \"-\" \"ab\" }}", "-a-b-"},
      {"{{ replace \"\" \"-\" 2 \"ab\" }}", "-a-b"},
      {"{{ build `ID` }}", "{{.ID}}"},
      {"{{ html \"<a&\\\"'>\" }}", "&lt;a&amp;&#34;&#39;&gt;"},
      {"{{ js \"a'<b>\\n=&\" }}", "a\\'\\u003Cb\\u003E\\u000A\\u003D\\u0026"},
      {"{{ urlquery \"a b&c/é\" }}", "a+b%26c%2F%C3%A9"},
      {"{{ slice \"abcdef\" 1 3 }}{{ len \"é\" }}", "bc2"},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(world.render(text), expected);
  }
}

TEST(PackerFunctions, ReportWhatIsNotPossible) {
  EngineWorld world;
  world.inputs.build_name.clear();
  world.inputs.build_type.clear();
  world.inputs.template_dir.clear();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{{ env `HOME` }}", failure("env `HOME`", "env: env vars are not allowed here")},
      {"{{ build_name }}", failure("build_name", "build_name: build_name not available")},
      {"{{ build_type }}", failure("build_type", "build_type: build_type not available")},
      {"{{ template_dir }}",
       failure("template_dir", "template_dir: template path not available")},
      {"{{ split \"a-b\" \"-\" 5 }}",
       failure("split \"a-b\" \"-\" 5",
               "split: the substring 5 was unavailable using the separator value, -, only 2 values "
               "were found")},
      {"{{ vault `a` `b` }}",
       failure("vault `a` `b`", "vault: Vault vars are only allowed in the variables section")},
      {"{{ consul_key `a` }}",
       failure("consul_key `a`", "consul_key: consul_key is not allowed here")},
      {"{{ aws_secretsmanager `a` }}",
       failure("aws_secretsmanager `a`",
               "aws_secretsmanager: AWS Secrets Manager is only allowed in the variables section")},
      {"{{ clean_resource_name `a` }}",
       "error: template: root:1: function \"clean_resource_name\" not defined"},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(world.render(text), expected);
  }
}

TEST(PackerFunctions, UuidBeginsWithTheStartTime) {
  EngineWorld world;
  const std::string first = world.render("{{ uuid }}");
  const std::string second = world.render("{{ uuid }}");
  EXPECT_EQ(first.size(), 36U);
  EXPECT_EQ(first.substr(0, 9), "65937d25-");  // 1704164645
  EXPECT_NE(first, second);
}

TEST(PackerFunctions, GeneratedValuesAreRenderedWhenKnown) {
  EngineWorld world;
  Context context = world.context();
  const std::map<std::string, Value> generated = {{"ID", Value::string("i-1")},
                                                  {"Port", Value::number(22)}};
  context.generated = &generated;
  EXPECT_EQ(EngineWorld::render("{{ build `ID` }}:{{ build `Port` }}", context), "i-1:22");
  EXPECT_EQ(EngineWorld::render("{{ build `Host` }}", context),
            failure("build `Host`", "build: loaded data, but couldnt find Host in it."));
}

TEST(PackerFunctions, UnknownVariableIsNotFoundWhileInterpolatingVariables) {
  EngineWorld world;
  Context context = world.context();
  context.unknown_user_is_error = true;
  const Result<std::string> result = render("{{ user `zz` }}", context);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::NotFound);
  EXPECT_EQ("error: " + result.error().message,
            failure("user `zz`", "user: Error: variable not set: zz"));
}

TEST(PackerFunctions, EnvironmentAndSecretsWorkWhereTheCallerAllows) {
  EngineWorld world;
  Context context = world.context();
  context.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/root";
    return std::nullopt;
  };
  context.secret = [](const std::string& kind,
                      const std::vector<std::string>& words) -> Result<std::string> {
    if (words.size() != 2) return unavailable(kind + " is down");
    return kind + "(" + words[0] + "," + words[1] + ")";
  };
  EXPECT_EQ(EngineWorld::render("{{ env `HOME` }}[{{ env `NONE` }}]", context), "/root[]");
  EXPECT_EQ(EngineWorld::render("{{ vault `p` `k` }}", context), "vault(p,k)");
  const Result<std::string> down = render("{{ consul_key `a` }}", context);
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(down.error().retryable);
}

TEST(PackerFunctions, ExtraFunctionsBelongToTheCaller) {
  EngineWorld world;
  Context context = world.context();
  context.extra["clean_resource_name"] =
      [](const std::vector<std::string>& words) -> Result<std::string> {
    if (words.size() != 1) return invalid_input("one name");
    return "<" + words[0] + ">";
  };
  EXPECT_EQ(EngineWorld::render("{{ isotime `2006` | clean_resource_name }}", context), "<2024>");
  EXPECT_EQ(EngineWorld::render("{{ clean_resource_name `a` `b` }}", context),
            failure("clean_resource_name `a` `b`", "clean_resource_name: one name"));
}

TEST(PackerFunctions, Hcl2StringsHaveNoUserVariables) {
  EngineWorld world;
  world.inputs.hcl2 = true;
  EXPECT_EQ(world.render("[{{ user `name` }}]"), "[]");
  EXPECT_EQ(world.render("{{ build `ID` }}"),
            failure("build `ID`",
                    "build: {{build `ID`}} works in JSON templates only; write ${build.ID} in "
                    "HCL2"));
}

TEST(PackerFunctions, DotFieldsSurviveTheVariablesPass) {
  EngineWorld world;
  Context context = world.context();
  context.keep_dot_fields = true;
  EXPECT_EQ(EngineWorld::render("{{ upper `a` }} {{ .Path }} {{.Vars}} {{- .X -}} b", context),
            "A {{ .Path }} {{.Vars}}{{- .X -}}b");
}

}  // namespace
}  // namespace farm::interpolate
