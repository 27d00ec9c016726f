#include "builders/provisioners/powershell/config.h"

#include <thread>

#include "tests/unit/builders/provisioners/windows_fixture.h"

namespace farm::builders {
namespace provisioner_powershell {
void register_component(Registry& registry);
}
namespace {

class PowerShell : public WindowsTest {
 protected:
  void SetUp() override { provisioner_powershell::register_component(registry); }
};

TEST_F(PowerShell, InlineSeesItsVariablesAndLeavesNothing) {
  start();
  context.http_ip = "10.0.0.1";
  context.http_port = 8123;
  good("powershell",
       {{"inline", strings({"Write-Output \"$env:A|$env:B\"",
                            "Write-Output \"$env:PACKER_BUILD_NAME $env:PACKER_BUILDER_TYPE\"",
                            "Write-Output $env:PACKER_HTTP_ADDR"})},
        {"environment_vars", strings({"A=it's a \"$5\" `tick`", "B=old"})},
        {"env", Value::object({{"B", text("new")}})}});
  EXPECT_EQ(output(), (std::vector<std::string>{"it's a \"$5\" `tick`|new", "base null",
                                                "10.0.0.1:8123"}));
  EXPECT_EQ(ui.lines[0], "say Provisioning with Powershell...");
  EXPECT_TRUE(ui.lines[1].starts_with("say Provisioning with powershell script: /"));
  EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(PowerShell, ExitCodesOfInlineText) {
  start();
  struct Case {
    const char* name;
    std::string line;
    std::string error;
    std::vector<std::string> said;
  };
  const Case cases[] = {
      {"exit", "exit 3", "3", {}},
      {"last program", "cmd /c exit 4", "4", {}},
      {"exception", "throw 'out of luck'", "1", {"err out of luck"}},
      {"good", "Write-Host fine", "", {"fine"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Result<void> done =
        provision("powershell", {{"inline", strings({c.line})}, {"skip_clean", Value::boolean(true)}});
    EXPECT_EQ(done.has_value(), c.error.empty());
    if (!done) {
      EXPECT_EQ(done.error().message, "Script exited with non-zero exit status: " + c.error +
                                          ". Allowed exit codes are: [0]");
    }
    EXPECT_EQ(output(), c.said);
  }
  good("powershell", {{"inline", strings({"exit 3010"})},
                      {"valid_exit_codes", Value::tuple({number(0), number(3010)})}});
}

TEST_F(PowerShell, ScriptFilesAndTheirPaths) {
  start();
  good("powershell",
       {{"scripts", strings({script("a.ps1", "Write-Output \"a $env:X\"\r\n"),
                             script("b.ps1", "Write-Output b\nexit 0\n")})},
        {"environment_vars", strings({"X=1"})},
        {"remote_path", text("C:/work/run.ps1")},
        {"remote_env_var_path", text("C:/work/vars.ps1")},
        {"skip_clean", Value::boolean(true)}});
  EXPECT_EQ(output(), (std::vector<std::string>{"a 1", "b"}));
  EXPECT_EQ(there("work/run.ps1"), "Write-Output b\nexit 0\n");
  EXPECT_EQ(there("work/vars.ps1"),
            "$env:PACKER_BUILDER_TYPE=\"null\"; $env:PACKER_BUILD_NAME=\"base\"; $env:X=\"1\"; ");
  const Result<void> failed = provision(
      "powershell", {{"script", text(script("c.ps1", "Write-Output c\nexit 9\n"))}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "Script exited with non-zero exit status: 9. Allowed exit codes are: [0]");
}

TEST_F(PowerShell, CommandsAndFormatsOfOnesOwn) {
  start();
  good("powershell",
       {{"inline", strings({"Write-Output \"$env:X\""})},
        {"environment_vars", strings({"X=1"})},
        {"env_var_format", text("$env:%s='<%s>'\n")},
        {"execute_command", text("echo path {{.Path}} vars {{.Vars}}&& powershell -file {{.Path}}")},
        {"remote_path", text("C:/p.ps1")},
        {"remote_env_var_path", text("C:/v.ps1")}});
  EXPECT_EQ(output(), (std::vector<std::string>{"path C:/p.ps1 vars C:/v.ps1", "<1>"}));
  EXPECT_EQ(there("p.ps1"), "<missing>");
}

TEST_F(PowerShell, ElevatedRunsAsATaskOfThatUser) {
  start();
  inputs.build_name = "base";
  context.generated["Password"] = Value::string("secret").with_sensitive();
  const std::string name = script("e.ps1", "Write-Output \"$env:USERNAME $env:X\"\nexit 5\n");
  good("powershell", {{"script", text(name)},
                      {"elevated_user", text("farm")},
                      {"elevated_password", text("{{ .Password }}")},
                      {"elevated_env_var_format", text("$env:%s=\"e-%s\"; ")},
                      {"environment_vars", strings({"X=1"})},
                      {"valid_exit_codes", Value::tuple({number(5)})}});
  EXPECT_EQ(output(), std::vector<std::string>{"farm e-1"});
  EXPECT_EQ(left(), std::vector<std::string>{});
  good("powershell", {{"inline", strings({"Write-Output \"as $env:USERNAME\""})},
                      {"elevated_user", text("SYSTEM")},
                      {"elevated_execute_command",
                       text("powershell -nologo -executionpolicy bypass -file {{.Path}}")}});
  EXPECT_EQ(output(), std::vector<std::string>{"as SYSTEM"});
}

TEST_F(PowerShell, AWrongElevatedPasswordFailsInTheMachinesWordsAndIsNotLeftThere) {
  start();
  const Result<void> done = provision("powershell", {{"inline", strings({"Write-Output no"})},
                                                     {"elevated_user", text("farm")},
                                                     {"elevated_password", text("wrong")},
                                                     {"skip_clean", Value::boolean(true)}});
  ASSERT_FALSE(done);
  ASSERT_EQ(output().size(), 1U);
  EXPECT_TRUE(output()[0].starts_with("err The user name or password is incorrect."));
  for (const std::string& path : left()) {
    EXPECT_EQ(path.find("elevated"), std::string::npos) << path;
  }
}

TEST_F(PowerShell, ACancelledElevatedScriptLeavesNoPassword) {
  start();
  std::thread person([this] {
    const Instant deadline = clock.now() + std::chrono::seconds(20);
    while (!io::exists(machine->file("started")) && clock.now() < deadline) {
      clock.sleep(std::chrono::milliseconds(10));
    }
    cancel.cancel();
  });
  const Result<void> done = provision(
      "powershell", {{"inline", strings({"Set-Content -Path C:/started -Value x",
                                         "while ($true) { Start-Sleep -Milliseconds 20 }"})},
                     {"elevated_user", text("farm")},
                     {"elevated_password", text("secret")}});
  person.join();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Cancelled);
  for (const std::string& path : left()) {
    EXPECT_EQ(path.find("elevated"), std::string::npos) << path;
  }
  EXPECT_EQ(output(), std::vector<std::string>{});
}

TEST_F(PowerShell, AMachineThatIsDownForAWhileIsTriedAgain) {
  start();
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Create", "kind": "503", "count": 1}])"));
  good("powershell", {{"inline", strings({"Write-Output up"})},
                      {"start_retry_timeout", text("20s")},
                      {"pause_after", text("1ms")}});
  EXPECT_EQ(output(), std::vector<std::string>{"up"});
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Create", "kind": "503", "count": 100}])"));
  const Result<void> done = provision("powershell", {{"inline", strings({"Write-Output up"})},
                                                     {"start_retry_timeout", text("1s")}});
  EXPECT_FALSE(done);
}

TEST_F(PowerShell, ADisconnectIsAnErrorUnlessAllowed) {
  start();
  const std::string line = "shutdown /r /t 0; Start-Sleep -Seconds 5";
  const Result<void> done =
      provision("powershell", {{"inline", strings({line})}, {"skip_clean", Value::boolean(true)}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "Script disconnected unexpectedly. If you expected your script to disconnect, i.e. "
            "from a restart, you can try adding `\"valid_exit_codes\": [0, 2300218]` to the "
            "powershell provisioner parameters.");
  good("powershell", {{"inline", strings({line})},
                      {"valid_exit_codes", Value::tuple({number(0), number(2300218)})}});
  EXPECT_EQ(left().size(), 2U);  // of the first run, which was told to leave them
}

TEST_F(PowerShell, DefaultCommands) {
  struct Case {
    const char* name;
    Value::Map options;
    bool inline_script;
    std::string command;
  };
  const std::string quiet =
      "& { if (Test-Path variable:global:ProgressPreference)"
      "{$global:ProgressPreference='SilentlyContinue'};";
  const std::string run = ". {{.Vars}}; &'{{.Path}}'; exit $LastExitCode }";
  const Case cases[] = {
      {"file", {}, false, "powershell -executionpolicy bypass \"" + quiet + run + "\""},
      {"inline", {}, true, "powershell -executionpolicy bypass -file {{.Path}}"},
      {"pwsh", {{"use_pwsh", Value::boolean(true)}}, false,
       "pwsh -executionpolicy bypass -command \"" + quiet + run + "\""},
      {"policy", {{"execution_policy", text("remotesigned")}}, true,
       "powershell -executionpolicy remotesigned -file {{.Path}}"},
      {"none", {{"execution_policy", text("none")}}, false, quiet + run},
      {"trace", {{"debug_mode", number(2)}}, false,
       "powershell -executionpolicy bypass \"" + quiet + "Set-PsDebug -Trace 2;" + run + "\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Value::Map given = c.options;
    given["inline"] = strings({"x"});
    Findings findings;
    const PrepareContext prepare_context{inputs, environment, directory.path(), false, false};
    const auto config = provisioner_powershell::decode(Value::object(given), prepare_context, findings);
    EXPECT_EQ(findings.errors, std::vector<std::string>{});
    EXPECT_EQ(provisioner_powershell::default_execute_command(config, c.inline_script), c.command);
  }
}

TEST_F(PowerShell, TraceAndPwshRun) {
  start();
  good("powershell", {{"inline", strings({"Write-Output hi"})},
                      {"debug_mode", number(1)},
                      {"use_pwsh", Value::boolean(true)}});
  EXPECT_EQ(output(), (std::vector<std::string>{"DEBUG: trace 1", "hi"}));
}

TEST_F(PowerShell, Refusals) {
  struct Case {
    const char* name;
    Value::Map options;
    std::string error;
  };
  const Case cases[] = {
      {"no script", {}, "Either a script file or inline script must be specified."},
      {"password alone", {{"inline", strings({"x"})}, {"elevated_password", text("p")}},
       "Must supply an 'elevated_user' if 'elevated_password' provided"},
      {"mode", {{"inline", strings({"x"})}, {"debug_mode", number(3)}},
       "debug_mode must be 0, 1 or 2, not 3"},
      {"binary", {{"inline", strings({"x"})}, {"binary", Value::boolean(true)}},
       "binary is for script files, not for inline"},
      {"variable", {{"inline", strings({"x"})}, {"environment_vars", strings({"novalue"})}},
       "Environment variable not in format 'key=value': novalue"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(prepare("powershell", c.options).errors, std::vector<std::string>{c.error});
  }
  EXPECT_FALSE(
      prepare("powershell", {{"inline", strings({"x"})}, {"execution_policy", text("lax")}}).ok());
}

}  // namespace
}  // namespace farm::builders
