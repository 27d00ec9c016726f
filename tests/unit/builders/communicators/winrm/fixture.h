// What the tests of the WinRM communicator share: a machine, a connection to it, and a Ui that
// remembers what was said.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "builders/communicators/winrm/connector.h"
#include "tests/support/fakes/fake_build.h"
#include "tests/support/winrm/test_winrm.h"

namespace farm::builders::winrm {

struct Output {
  int status = -1;
  std::string out;
  std::string err;
};

class WinRmTest : public ::testing::Test {
 protected:
  void start_machine(const std::vector<std::string>& arguments = {}) {
    auto started = test::TestWinRm::start(arguments);
    ASSERT_TRUE(started) << started.error().message;
    machine = std::move(*started);
    options.username = "farm";
    options.password = Secret("secret");
    options.timeout = std::chrono::seconds(30);
  }
  /// The protocol was kept, whatever the test was about; no shell was left behind.
  void TearDown() override {
    communicator.reset();
    if (!machine) return;
    EXPECT_EQ(machine->count("- broken"), 0U);
    for (const std::string& line : machine->requests()) {
      EXPECT_EQ(line.find(" broken "), std::string::npos) << line;
    }
    EXPECT_LE(machine->count("Create ok"), machine->count("Delete ") + lost_shells);
  }

  Result<std::unique_ptr<Communicator>> open() {
    WinRmTarget target;
    target.host = "127.0.0.1";
    target.port = machine->port();
    target.temp_directory = machine->directory();
    target.poll = std::chrono::milliseconds(50);
    return connect_winrm(options, target, cancel, ui);
  }
  void connect() {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    communicator = std::move(*opened);
  }

  Result<Output> try_run(const std::string& command, InputSource input = {},
                         const CancelToken& token = {}) {
    Output output;
    RemoteCommand remote;
    remote.command = command;
    remote.on_stdout = [&](std::string_view bytes) {
      output.out += bytes;
      if (on_output) on_output(bytes);
    };
    remote.on_stderr = [&](std::string_view bytes) { output.err += bytes; };
    remote.input = std::move(input);
    output.status = TRY(communicator->run(remote, token));
    return output;
  }
  Output run(const std::string& command) {
    const Result<Output> done = try_run(command);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : Output();
  }

  std::unique_ptr<test::TestWinRm> machine;
  std::unique_ptr<Communicator> communicator;
  WinRmOptions options;
  CancelToken cancel;
  testing::RecordingUi ui;
  std::function<void(std::string_view)> on_output;
  size_t lost_shells = 0;  // that a restart or a fault took
};

}  // namespace farm::builders::winrm
