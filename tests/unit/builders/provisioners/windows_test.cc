#include "tests/unit/builders/provisioners/windows_fixture.h"

namespace farm::builders {
namespace provisioner_windows_shell {
void register_component(Registry& registry);
}
namespace provisioner_windows_restart {
void register_component(Registry& registry);
}
namespace {

class WindowsShell : public WindowsTest {
 protected:
  void SetUp() override { provisioner_windows_shell::register_component(registry); }
};

TEST_F(WindowsShell, InlineIsABatchFileWithItsVariables) {
  start();
  good("windows-shell", {{"inline", strings({"@echo off", "echo %A% %B%", "mkdir C:\\made"})},
                         {"environment_vars", strings({"A=one two", "B=old"})},
                         {"env", Value::object({{"B", text("new")}})}});
  EXPECT_EQ(output(), std::vector<std::string>{"one two new"});
  EXPECT_EQ(there("Windows/Temp/script.bat"), "@echo off\r\necho %A% %B%\r\nmkdir C:\\made\r\n");
  EXPECT_TRUE(io::is_directory(machine->file("made")));
  EXPECT_TRUE(ui.lines[0].starts_with("say Provisioning with shell script: /"));
}

TEST_F(WindowsShell, FilesPathsAndExitCodes) {
  start();
  good("windows-shell", {{"scripts", strings({script("a.bat", "echo a\n"), script("b.bat", "exit /b 7")})},
                         {"remote_path", text("C:/my scripts/x.bat")},
                         {"valid_exit_codes", Value::tuple({number(0), number(7)})},
                         {"start_retry_timeout", text("3s")}});
  EXPECT_EQ(output(), std::vector<std::string>{"a"});
  const Result<void> failed = provision("windows-shell", {{"inline", strings({"exit 3"})}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "Script exited with non-zero exit status: 3. Allowed exit codes are: [0]");
}

TEST_F(WindowsShell, BinaryKeepsTheBytesAndCommandsMayBeOnesOwn) {
  start();
  good("windows-shell", {{"script", text(script("a.bat", "echo a\n"))},
                         {"binary", Value::boolean(true)},
                         {"env_var_format", text("set %s=%s&& ")},
                         {"environment_vars", strings({"X=1"})},
                         {"execute_command", text("{{.Vars}} type {{.Path}}& echo %X%")}});
  EXPECT_EQ(there("Windows/Temp/script.bat"), "echo a\n");
  EXPECT_EQ(output(), (std::vector<std::string>{"echo a", "1"}));
}

TEST_F(WindowsShell, Refusals) {
  EXPECT_EQ(prepare("windows-shell", {}).errors,
            std::vector<std::string>{"Either a script file or inline script must be specified."});
}

class WindowsRestart : public WindowsTest {
 protected:
  void SetUp() override { provisioner_windows_restart::register_component(registry); }
};

TEST_F(WindowsRestart, RestartsAndWaits) {
  start({"--restart-seconds", "2"});
  good("windows-restart", {});
  ASSERT_EQ(ui.lines.size(), 4U);
  EXPECT_EQ(ui.lines[0], "say Restarting Machine");
  EXPECT_EQ(ui.lines[1], "say Waiting for machine to restart...");
  EXPECT_EQ(ui.lines[2], "msg WINGUEST restarted.");
  EXPECT_EQ(ui.lines[3], "say Machine successfully restarted, moving on");
  EXPECT_GE(machine->count("- down"), 1U);
}

TEST_F(WindowsRestart, OwnCommandsAndTheRegistry) {
  start({"--registry", "HKLM:Other"});
  good("windows-restart",
       {{"restart_command", text("echo bye& shutdown /r /t 0")},
        {"restart_check_command", text("echo checked > C:\\checked.txt")},
        {"restart_timeout", text("30s")},
        {"check_registry", Value::boolean(true)},
        {"registry_keys", strings({"HKLM:Mine"})}});
  EXPECT_EQ(ui.lines[1], "msg bye");
  EXPECT_NE(there("checked.txt"), "<missing>");
}

TEST_F(WindowsRestart, APendingKeyHoldsItUntilTheTimeIsOver) {
  start({"--registry",
         "HKLM:SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based "
         "Servicing\\RebootPending"});
  const Result<void> done = provision("windows-restart", {{"check_registry", Value::boolean(true)},
                                                          {"restart_timeout", text("3s")}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "Timeout waiting for machine to restart.");
  EXPECT_EQ(ui.lines.back(), "say Restart pending; waiting for the registry keys to go...");
}

TEST_F(WindowsRestart, ABadCommandIsToldAtOnce) {
  start();
  const Result<void> done = provision("windows-restart", {{"restart_command", text("exit 5")}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "Restart script exited with non-zero exit status: 5");
}

}  // namespace
}  // namespace farm::builders
