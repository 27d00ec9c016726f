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

TEST_F(ShellLocal, ScriptsFormatsAndCommands) {
  const std::string first = directory_.path() + "/first";
  ASSERT_TRUE(io::write_file(first, "#!/bin/sh\necho \"first $A\"\n", 0755).has_value());
  ASSERT_TRUE(io::write_file(directory_.path() + "/second", "echo \"second $0\"; exit 4\n", 0600)
                  .has_value());
  const auto strings = [](const std::vector<std::string>& list) {
    Value::List elements;
    for (const std::string& text : list) elements.push_back(Value::string(text));
    return Value::tuple(std::move(elements));
  };
  const auto number = [](int64_t n) { return Value::number(value::Number(n)); };
  struct Case {
    const char* name;
    Value::Map options;
    std::vector<std::string> said;
  };
  const Case cases[] = {
      {"script", {{"script", Value::string("first")}}, {"first 1"}},
      {"scripts", {{"scripts", strings({"first", "first"})}}, {"first 1", "first 1"}},
      {"own command",
       {{"script", Value::string("second")},
        {"execute_command", strings({"/bin/sh", "{{.Script}}"})},
        {"valid_exit_codes", Value::tuple({number(0), number(4)})}},
       {"second " + directory_.path() + "/second"}},
      {"format", {{"script", Value::string("first")},
                  {"env_var_format", Value::string("%s='<%s>' ")}}, {"first <1>"}},
      {"variables as a file",
       {{"script", Value::string("first")},
        {"execute_command", strings({"/bin/sh", "-c", ". {{.EnvVarFile}}; echo file $A"})}},
       {"file 1"}},
      {"shebang", {{"inline", strings({"echo ${BASH_VERSION:+bash}"})},
                   {"inline_shebang", Value::string("/bin/bash -e")}}, {"bash"}},
      {"extension", {{"inline", strings({"echo ${0##*.}"})},
                     {"tempfile_extension", Value::string("ps1")}}, {"ps1"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Value::Map options = c.options;
    options["env"] = Value::object({{"A", Value::string("1")}});
    build_.ui.lines.clear();
    const Result<void> done = run(options);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    std::vector<std::string> said;
    for (const std::string& line : build_.ui.lines) {
      if (line.starts_with("msg ")) said.push_back(line.substr(4));
    }
    EXPECT_EQ(said, c.said);
  }
  EXPECT_EQ(io::list_files(directory_.path())->size(), 2U);
}

TEST_F(ShellLocal, Refusals) {
  EXPECT_EQ(run({{"command", Value::string("a")}, {"use_linux_pathing", Value::boolean(true)}})
                .error()
                .message,
            "1 error(s) occurred:\n\n* use_linux_pathing is only valid on Windows");
  EXPECT_EQ(run({{"command", Value::string("a")},
                 {"only_on", Value::tuple({Value::string("beos")})}})
                .error()
                .message,
            "1 error(s) occurred:\n\n* Invalid OS specified in only_on: 'beos'\nSupported OS names: "
            "darwin, freebsd, linux, openbsd, solaris, windows");
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
