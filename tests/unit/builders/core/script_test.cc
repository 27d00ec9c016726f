#include "builders/core/script.h"

#include <gtest/gtest.h>

#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace {

TEST(Script, EnvironmentIsSortedQuotedAndEnvWins) {
  testing::FakeBuild build(::testing::TempDir());
  build.context.http_ip = "10.0.2.2";
  build.context.http_port = 8123;
  ScriptOptions options;
  options.environment_vars = {"B=it's", "A=1", "X=a=b"};
  options.env = {{"A", "2"}};
  const auto variables = script_environment(options, build.context);
  EXPECT_EQ(format_environment(variables, "%s='%s' "),
            "A='2' B='it'\"'\"'s' PACKER_BUILDER_TYPE='null' PACKER_BUILD_NAME='base' "
            "PACKER_HTTP_ADDR='10.0.2.2:8123' PACKER_HTTP_IP='10.0.2.2' PACKER_HTTP_PORT='8123' "
            "X='a=b' ");
  EXPECT_EQ(format_environment({{"K", "v"}}, "100%% %s=%s;%s"), "100% K=v;%s");
}

TEST(Script, InlineShebang) {
  EXPECT_EQ(inline_script({"a", "b"}, "", "/bin/sh -e"), "#!/bin/sh -e\na\nb\n");
  EXPECT_EQ(inline_script({"#!/bin/bash", "b"}, "", "/bin/sh -e"), "#!/bin/bash\nb\n");
  EXPECT_EQ(inline_script({"a"}, "/bin/ash", "/bin/sh -e"), "#!/bin/ash\na\n");
}

TEST(Script, ExitCodes) {
  EXPECT_TRUE(check_exit_code(3, {0, 3}).has_value());
  EXPECT_EQ(check_exit_code(4, {0, 3}).error().message,
            "Script exited with non-zero exit status: 4. Allowed exit codes are: [0 3]");
}

TEST(Script, DecodeNamesEachFault) {
  testing::FakeBuild build(::testing::TempDir());
  const PrepareContext context{build.inputs, build.environment, "/", false, false};
  const value::Value config = value::Value::object(
      {{"script", value::Value::string("/nowhere/a.sh")},
       {"environment_vars", value::Value::tuple({value::Value::string("novalue")})}});
  Findings findings;
  const ConfigReader reader(config, findings);
  const ScriptOptions options = decode_script_options(reader, context);
  EXPECT_EQ(options.scripts, std::vector<std::string>{"/nowhere/a.sh"});
  EXPECT_EQ(findings.errors,
            (std::vector<std::string>{
                "Environment variable not in format 'key=value': novalue",
                "Bad script '/nowhere/a.sh': stat /nowhere/a.sh: no such file or directory"}));
}

TEST(Script, RenderLateSeesDataAndGenerated) {
  testing::FakeBuild build(::testing::TempDir());
  build.context.generated["Host"] = value::Value::string("10.0.0.7");
  const Result<std::string> text =
      render_late("{{.Vars}} {{.Path}} on {{ build `Host` }}", build.context,
                  {{"Vars", "A='1'"}, {"Path", "/tmp/x"}});
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(*text, "A='1' /tmp/x on 10.0.0.7");
}

}  // namespace
}  // namespace farm::builders
