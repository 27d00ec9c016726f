#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace provisioner_shell {
void register_component(Registry& registry);
}
namespace {

using value::Value;

Value strings(const std::vector<std::string>& list) {
  Value::List elements;
  for (const std::string& text : list) elements.push_back(Value::string(text));
  return Value::tuple(std::move(elements));
}

class Shell : public ::testing::Test {
 protected:
  Shell() : directory_(*io::TempDirectory::create(::testing::TempDir(), "shell")) {
    Registry registry;
    provisioner_shell::register_component(registry);
    provisioner_ = std::move(*registry.provisioner("shell"));
  }
  Findings prepare(Value::Map options) {
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false, false};
    return provisioner_->prepare(Value::object(std::move(options)), context);
  }
  Result<void> run() { return provisioner_->provision(build_.context); }

  io::TempDirectory directory_;
  testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<Provisioner> provisioner_;
};

TEST_F(Shell, InlineIsUploadedRunAndRemoved) {
  ASSERT_TRUE(prepare({{"inline", strings({"echo hi", "true"})},
                       {"environment_vars", strings({"A=1"})},
                       {"remote_path", Value::string("/tmp/x.sh")}})
                  .ok());
  std::string uploaded;
  build_.guest->on_command = [&](const RemoteCommand& command) -> Result<int> {
    if (command.command.starts_with("chmod +x")) {
      uploaded = build_.guest->files["/tmp/x.sh"].bytes;
      command.on_stdout("hi\n");
      command.on_stderr("warn\n");
    }
    return 0;
  };
  const Result<void> done = run();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(uploaded, "#!/bin/sh -e\necho hi\ntrue\n");
  EXPECT_EQ(build_.guest->commands,
            (std::vector<std::string>{"chmod 0755 /tmp/x.sh",
                                      "chmod +x /tmp/x.sh; A='1' PACKER_BUILDER_TYPE='null' "
                                      "PACKER_BUILD_NAME='base'  /tmp/x.sh",
                                      "rm -f /tmp/x.sh"}));
  ASSERT_EQ(build_.ui.lines.size(), 3U);
  EXPECT_TRUE(build_.ui.lines[0].starts_with("say Provisioning with shell script: /"));
  EXPECT_EQ(build_.ui.lines[1], "msg hi");
  EXPECT_EQ(build_.ui.lines[2], "err warn");
  EXPECT_TRUE(build_.guest->files.empty());
}

TEST_F(Shell, ScriptLosesCarriageReturnsUnlessBinary) {
  ASSERT_TRUE(io::write_file(directory_.path() + "/a.sh", "echo\r\nx\r").has_value());
  for (const bool binary : {false, true}) {
    ASSERT_TRUE(prepare({{"script", Value::string("a.sh")},
                         {"binary", Value::boolean(binary)},
                         {"skip_clean", Value::boolean(true)},
                         {"remote_path", Value::string("/r")}})
                    .ok());
    ASSERT_TRUE(run().has_value());
    EXPECT_EQ(build_.guest->files["/r"].bytes, binary ? "echo\r\nx\r" : "echo\nx\r");
  }
}

TEST_F(Shell, VariablesFileIsPrivateAndSourced) {
  ASSERT_TRUE(prepare({{"inline", strings({"true"})},
                       {"use_env_var_file", Value::boolean(true)},
                       {"env", Value::object({{"A", Value::string("1")}})},
                       {"skip_clean", Value::boolean(true)},
                       {"remote_path", Value::string("/r")}})
                  .ok());
  ASSERT_TRUE(run().has_value());
  std::string name;
  for (const auto& [path, file] : build_.guest->files) {
    if (path.starts_with("/tmp/varfile_")) name = path;
  }
  ASSERT_FALSE(name.empty());
  EXPECT_EQ(build_.guest->files[name].mode, 0600U);
  EXPECT_TRUE(build_.guest->files[name].bytes.starts_with("export A='1'\n"));
  EXPECT_EQ(build_.guest->commands.back(), "chmod +x /r; . " + name + " && /r");
}

TEST_F(Shell, ExitCodesAndDisconnects) {
  struct Case {
    const char* name;
    int status;
    Value::Map options;
    std::string error_start;  // empty: success
  };
  const std::vector<Case> cases = {
      {"failure", 5, {}, "Script exited with non-zero exit status: 5. Allowed exit codes are: [0]"},
      {"allowed", 5, {{"valid_exit_codes", Value::tuple({Value::number(0), Value::number(5)})}}, ""},
      {"disconnect", kDisconnected, {}, "Script disconnected unexpectedly."},
      {"expected", kDisconnected, {{"expect_disconnect", Value::boolean(true)}}, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Value::Map options = c.options;
    options["inline"] = strings({"true"});
    options["skip_clean"] = Value::boolean(true);
    ASSERT_TRUE(prepare(options).ok());
    build_.guest->on_command = [&](const RemoteCommand& command) -> Result<int> {
      return command.command.starts_with("chmod +x") ? c.status : 0;
    };
    const Result<void> done = run();
    EXPECT_EQ(done.has_value(), c.error_start.empty());
    if (!done) {
      EXPECT_TRUE(done.error().message.starts_with(c.error_start)) << done.error().message;
    }
  }
}

TEST_F(Shell, NamesFormatsAndCommandsOfOnesOwn) {
  ASSERT_TRUE(io::write_file(directory_.path() + "/a.sh", "a").has_value());
  ASSERT_TRUE(io::write_file(directory_.path() + "/b.sh", "b").has_value());
  ASSERT_TRUE(prepare({{"scripts", strings({"a.sh", "b.sh"})},
                       {"remote_folder", Value::string("/var/tmp")},
                       {"remote_file", Value::string("run.sh")},
                       {"env_var_format", Value::string("%s=<%s>;")},
                       {"execute_command", Value::string("{{.Vars}} sh {{.Path}} {{ .Host }}")},
                       {"pause_after", Value::string("1ms")}})
                  .ok());
  build_.context.generated["Host"] = Value::string("guest");
  build_.context.http_ip = "10.0.2.2";
  build_.context.http_port = 8042;
  ASSERT_TRUE(run().has_value());
  const std::string command =
      "PACKER_BUILDER_TYPE=<null>;PACKER_BUILD_NAME=<base>;PACKER_HTTP_ADDR=<10.0.2.2:8042>;"
      "PACKER_HTTP_IP=<10.0.2.2>;PACKER_HTTP_PORT=<8042>; sh /var/tmp/run.sh guest";
  EXPECT_EQ(build_.guest->commands,
            (std::vector<std::string>{"chmod 0755 /var/tmp/run.sh", command, "rm -f /var/tmp/run.sh",
                                      "chmod 0755 /var/tmp/run.sh", command,
                                      "rm -f /var/tmp/run.sh"}));
}

TEST_F(Shell, TheShebangOfInlineText) {
  struct Case {
    const char* name;
    std::string option;
    std::string first_line;
    std::string script;
  };
  const Case cases[] = {
      {"default", "", "true", "#!/bin/sh -e\ntrue\n"},
      {"own line", "", "#!/bin/bash", "#!/bin/bash\n"},
      {"option", "/bin/bash -ex", "true", "#!/bin/bash -ex\ntrue\n"},
      {"option before a line", "/bin/bash", "#!/bin/zsh", "#!/bin/bash\n#!/bin/zsh\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Value::Map options = {{"inline", strings({c.first_line})},
                          {"remote_path", Value::string("/r")},
                          {"skip_clean", Value::boolean(true)}};
    if (!c.option.empty()) options["inline_shebang"] = Value::string(c.option);
    ASSERT_TRUE(prepare(options).ok());
    ASSERT_TRUE(run().has_value());
    EXPECT_EQ(build_.guest->files["/r"].bytes, c.script);
  }
}

TEST_F(Shell, AModeThatIsAlreadySetNeedsNoChmod) {
  ASSERT_TRUE(prepare({{"inline", strings({"true"})}, {"remote_path", Value::string("/r")}}).ok());
  build_.guest->on_command = [](const RemoteCommand& command) -> Result<int> {
    return command.command.starts_with("chmod 0755") ? 1 : 0;
  };
  const Result<void> done = run();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(build_.guest->files.count("/r"), 0U);
  EXPECT_EQ(build_.guest->commands.size(), 3U);  // chmod, the script, rm
}

TEST_F(Shell, TheStartIsTriedAgainUntilItsTimeIsOver) {
  int failures = 1;
  build_.guest->on_command = [&](const RemoteCommand& command) -> Result<int> {
    build_.clock.advance(std::chrono::seconds(1));
    if (command.command.starts_with("chmod 0755") && failures-- > 0) {
      return unavailable("no route to host");
    }
    return 0;
  };
  ASSERT_TRUE(prepare({{"inline", strings({"true"})},
                       {"start_retry_timeout", Value::string("30s")},
                       {"remote_path", Value::string("/r")}})
                  .ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_EQ(build_.guest->commands.front(), "chmod 0755 /r");
  EXPECT_EQ(build_.guest->commands[1], "chmod 0755 /r");
  failures = 1000;
  ASSERT_TRUE(prepare({{"inline", strings({"true"})},
                       {"start_retry_timeout", Value::string("2s")}})
                  .ok());
  const Result<void> done = run();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "no route to host");
}

TEST_F(Shell, NeedsExactlyOneKindOfScript) {
  EXPECT_EQ(prepare({}).errors,
            std::vector<std::string>{"Either a script file or inline script must be specified."});
  ASSERT_TRUE(io::write_file(directory_.path() + "/a.sh", "true").has_value());
  EXPECT_EQ(prepare({{"script", Value::string("a.sh")}, {"inline", strings({"x"})}}).errors,
            std::vector<std::string>{
                "Only a script file or an inline script can be specified, not both."});
}

}  // namespace
}  // namespace farm::builders
