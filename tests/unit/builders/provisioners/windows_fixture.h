// What the tests of the Windows provisioners share: a build whose machine is the WinRM simulator.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "builders/communicators/winrm/connector.h"
#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"
#include "tests/support/winrm/test_winrm.h"

namespace farm::builders {

class WindowsTest : public ::testing::Test {
 protected:
  using Value = value::Value;

  void start(const std::vector<std::string>& arguments = {}) {
    auto started = test::TestWinRm::start(arguments);
    ASSERT_TRUE(started) << started.error().message;
    machine = std::move(*started);
    options.username = "farm";
    options.password = Secret("secret");
    options.timeout = std::chrono::seconds(30);
    winrm::WinRmTarget target;
    target.host = "127.0.0.1";
    target.port = machine->port();
    target.temp_directory = directory.path();
    auto connected = winrm::connect_winrm(options, target, cancel, ui);
    ASSERT_TRUE(connected) << connected.error().message;
    context.communicator = std::move(*connected);
    ui.lines.clear();
  }
  void TearDown() override {
    if (!machine) return;
    for (const std::string& line : machine->requests()) {
      EXPECT_EQ(line.find(" broken "), std::string::npos) << line;
    }
  }

  Findings prepare(const std::string& type, Value::Map options_of_it) {
    auto made = registry.provisioner(type);
    provisioner = std::move(*made);
    const PrepareContext prepare_context{inputs, environment, directory.path(), false, false};
    return provisioner->prepare(Value::object(std::move(options_of_it)), prepare_context);
  }
  Result<void> provision(const std::string& type, Value::Map options_of_it) {
    const Findings findings = prepare(type, std::move(options_of_it));
    if (!findings.ok()) return invalid_input(findings.text());
    ui.lines.clear();
    return provisioner->provision(context);
  }
  void good(const std::string& type, Value::Map options_of_it) {
    const Result<void> done = provision(type, std::move(options_of_it));
    EXPECT_TRUE(done) << done.error().message;
  }
  /// What the script printed: messages, then errors with "err ".
  std::vector<std::string> output() const {
    std::vector<std::string> lines;
    for (const std::string& line : ui.lines) {
      if (line.starts_with("msg ")) lines.push_back(line.substr(4));
      if (line.starts_with("err ")) lines.push_back(line);
    }
    return lines;
  }
  static Value strings(const std::vector<std::string>& list) {
    Value::List elements;
    for (const std::string& text : list) elements.push_back(Value::string(text));
    return Value::tuple(std::move(elements));
  }
  static Value text(const std::string& bytes) { return Value::string(bytes); }
  static Value number(int64_t n) { return Value::number(value::Number(n)); }
  std::string script(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(io::write_file(directory.path() + "/" + name, bytes));
    return name;
  }
  std::string there(const std::string& path) const {
    return io::read_file(machine->file(path)).value_or("<missing>");
  }
  /// Files of the machine's C:\Windows\Temp.
  std::vector<std::string> left() const {
    return io::list_files(machine->file("Windows/Temp")).value_or(std::vector<std::string>{});
  }

  io::TempDirectory directory = *io::TempDirectory::create("/tmp", "farm-windows-");
  testing::RecordingUi ui;
  testing::RecordingLedger ledger;
  SystemClock clock;
  SeededRandom random{1};
  Environment environment{{{"PATH", "/usr/bin:/bin"}}};
  CancelToken cancel;
  plan::RenderInputs inputs = [] {
    plan::RenderInputs made;
    made.build_name = "base";
    made.build_type = "null";
    return made;
  }();
  BuildContext context{ui, ledger, clock, random, environment, cancel, inputs};
  WinRmOptions options;
  std::unique_ptr<test::TestWinRm> machine;
  Registry registry;
  std::unique_ptr<Provisioner> provisioner;
  const bool placed_ = [this] {
    context.working_directory = directory.path();
    context.temp_directory = directory.path();
    return true;
  }();
};

}  // namespace farm::builders
