#include <gtest/gtest.h>

#include "builders/core/shell_local.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace {

using value::Value;

class ShellLocal : public ::testing::Test {
 protected:
  ShellLocal() : directory_(*io::TempDirectory::create(::testing::TempDir(), "local")) {}
  Result<void> run(Value::Map options) {
    Findings findings;
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false, false};
    const ShellLocalOptions decoded =
        decode_shell_local(Value::object(std::move(options)), context, false, findings);
    if (!findings.ok()) return invalid_input(findings.text());
    return run_shell_local(decoded, build_.context);
  }
  io::TempDirectory directory_;
  testing::FakeBuild build_{directory_.path()};
};

TEST_F(ShellLocal, RunsHereWithVariablesAndCleansUp) {
  const Result<void> done =
      run({{"inline", Value::tuple({Value::string("echo $PACKER_BUILD_NAME $A; pwd")})},
           {"environment_vars", Value::tuple({Value::string("A=it's")})}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  ASSERT_EQ(build_.ui.lines.size(), 3U);
  EXPECT_EQ(build_.ui.lines[1], "msg base it's");
  EXPECT_EQ(build_.ui.lines[2], "msg " + directory_.path());
  EXPECT_TRUE(io::list_files(directory_.path())->empty());
}

TEST_F(ShellLocal, ExitCodeAndOtherSystem) {
  EXPECT_EQ(run({{"command", Value::string("exit 3")}}).error().message,
            "Script exited with non-zero exit status: 3. Allowed exit codes are: [0]");
  build_.ui.lines.clear();
  EXPECT_TRUE(run({{"command", Value::string("exit 3")},
                   {"only_on", Value::tuple({Value::string("windows")})}})
                  .has_value());
  EXPECT_EQ(build_.ui.lines,
            std::vector<std::string>{"say Skipping shell-local due to runtime OS"});
}

TEST_F(ShellLocal, ExactlyOneKind) {
  EXPECT_FALSE(run({}).has_value());
  EXPECT_EQ(run({{"command", Value::string("a")},
                 {"inline", Value::tuple({Value::string("b")})}})
                .error()
                .message,
            "1 error(s) occurred:\n\n* Only one of command, inline, script or scripts can be "
            "specified.");
}

}  // namespace
}  // namespace farm::builders
