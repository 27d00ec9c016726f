// The options of shell-local, as provisioner and post-processor share them.
#include "builders/core/shell_local.h"

#include "tests/unit/builders/post_processors/post_processor_fixture.h"

namespace farm::builders {
namespace post_processor_shell_local {
void register_component(Registry& registry);
}
namespace {

using value::Number;
using value::Value;

class ShellLocal : public testing::PostProcessorTest {
 protected:
  ShellLocal() : PostProcessorTest("shell-local", post_processor_shell_local::register_component) {
    input_.id = "input";
  }
};

TEST_F(ShellLocal, InlineRunsInOneShellAndTheInputIsPassedOn) {
  const auto done = process({{"inline", list({"x=1", "echo $x $PACKER_BUILD_NAME > here"})}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(read("here"), "1 base\n");
  EXPECT_EQ(done->artifact->id, "input");
  EXPECT_TRUE(done->keep_input);
  EXPECT_TRUE(done->force_keep);
}

TEST_F(ShellLocal, CommandScriptAndScripts) {
  write("one", "#!/bin/sh\necho one >> out\n");
  write("two", "#!/bin/sh\necho two >> out\n");
  shell("chmod +x one two");
  ASSERT_TRUE(process({{"command", text("echo command >> out")}}).has_value());
  ASSERT_TRUE(process({{"script", text("one")}}).has_value());
  ASSERT_TRUE(process({{"scripts", list({"one", "two"})}}).has_value());
  EXPECT_EQ(read("out"), "command\none\none\ntwo\n");
  EXPECT_EQ(
      prepare({{"script", text("nowhere")}}).errors,
      std::vector<std::string>{"Bad script 'nowhere': stat nowhere: no such file or directory"});
}

TEST_F(ShellLocal, EnvironmentAndItsForm) {
  ASSERT_TRUE(process({{"inline", list({"echo $A $B > out"})},
                       {"environment_vars", list({"A=first", "B=it's"})},
                       {"env", Value::object({{"A", text("wins")}})}})
                  .has_value());
  EXPECT_EQ(read("out"), "wins it's\n");
  // Exported, so that a child of the script sees it too.
  ASSERT_TRUE(process({{"inline", list({"sh -c 'echo $A' > out"})},
                       {"environment_vars", list({"A=1"})},
                       {"env_var_format", text("export %s='%s'; ")}})
                  .has_value());
  EXPECT_EQ(read("out"), "1\n");
}

TEST_F(ShellLocal, ExecuteCommandShebangAndExtension) {
  ASSERT_TRUE(process({{"inline", list({"never read"})},
                       {"execute_command", list({"/bin/sh", "-c", "echo '{{.Script}}' > out"})},
                       {"tempfile_extension", text("txt")},
                       {"inline_shebang", text("/bin/cat")}})
                  .has_value());
  EXPECT_TRUE(read("out").ends_with(".txt\n")) << read("out");
  // A single element goes through a shell in the post-processor.
  ASSERT_TRUE(process({{"inline", list({"x"})}, {"execute_command", list({"echo single > out"})}})
                  .has_value());
  EXPECT_EQ(read("out"), "single\n");
  ASSERT_TRUE(
      process({{"inline", list({"line"})}, {"inline_shebang", text("/bin/cat")}}).has_value());
  EXPECT_EQ(build_.ui.lines.back(), "msg line");  // cat printed the script
}

TEST_F(ShellLocal, ExitCodesAndSystems) {
  EXPECT_EQ(process({{"inline", list({"exit 3"})}}).error().message,
            "Script exited with non-zero exit status: 3. Allowed exit codes are: [0]");
  EXPECT_TRUE(process({{"inline", list({"exit 3"})},
                       {"valid_exit_codes", Value::tuple({Value::number(Number(int64_t{3}))})}})
                  .has_value());
  ASSERT_TRUE(
      process({{"inline", list({"touch never"})}, {"only_on", list({"windows"})}}).has_value());
  EXPECT_FALSE(io::exists(path("never")));
  EXPECT_FALSE(prepare({{"inline", list({"x"})}, {"only_on", list({"beos"})}}).ok());
  EXPECT_EQ(prepare({{"inline", list({"x"})}, {"use_linux_pathing", Value::boolean(true)}}).errors,
            std::vector<std::string>{"use_linux_pathing is only valid on Windows"});
}

}  // namespace
}  // namespace farm::builders
