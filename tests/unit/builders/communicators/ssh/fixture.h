// What the tests of the SSH communicator share: a server, a connection to it, and a Ui that
// remembers what was said.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "builders/communicators/ssh/connector.h"
#include "builders/communicators/ssh/dialer.h"
#include "builders/communicators/ssh/stream_forwarder.h"
#include "builders/communicators/ssh/key_pair.h"
#include "builders/communicators/ssh/ssh_communicator.h"
#include "tests/support/sshd/test_sshd.h"

namespace farm::builders::ssh {

class RecordingUi final : public Ui {
 public:
  void say(std::string_view text) override { said.emplace_back(text); }
  void message(std::string_view text) override { said.emplace_back(text); }
  void error(std::string_view text) override { said.emplace_back(text); }
  void progress(std::string_view, uint64_t, uint64_t) override {}
  std::vector<std::string> said;
};

struct Output {
  int status = -1;
  std::string out;
  std::string err;
};

class SshTest : public ::testing::Test {
 protected:
  void SetUp() override { start_server({}); }

  void start_server(const test::SshdSettings& settings) {
    auto started = test::TestSshd::start(settings);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    options.username = server->user();
    options.timeout = std::chrono::seconds(30);
    options.disable_agent_forwarding = true;
    auto key = server->make_key("ed25519");
    ASSERT_TRUE(key) << key.error().message;
    options.private_key = Secret(*key);
  }

  Result<std::unique_ptr<Communicator>> connect() {
    return connect_ssh(options, "127.0.0.1", server->port(), cancel, ui);
  }

  /// A key the server does not know.
  static std::string generate_other_key() {
    const auto pair = generate_key_pair(KeyPairType::Ed25519, 0, "other");
    EXPECT_TRUE(pair);
    return pair ? pair->private_key.reveal() : "";
  }

  static Output run(Communicator& communicator, const std::string& command,
                    const CancelToken& token = {}) {
    Output output;
    RemoteCommand remote;
    remote.command = command;
    remote.on_stdout = [&](std::string_view bytes) { output.out += bytes; };
    remote.on_stderr = [&](std::string_view bytes) { output.err += bytes; };
    const auto status = communicator.run(remote, token);
    EXPECT_TRUE(status) << status.error().message;
    if (status) output.status = *status;
    return output;
  }

  std::unique_ptr<test::TestSshd> server;
  SshOptions options;
  CancelToken cancel;
  RecordingUi ui;
};

}  // namespace farm::builders::ssh
