#include "tests/support/sshd/password_server.h"
#include "tests/unit/builders/communicators/ssh/fixture.h"

namespace farm::builders::ssh {
namespace {

class Password : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDirectory::create("/tmp", "farm-password-");
    ASSERT_TRUE(made);
    directory = std::make_unique<io::TempDirectory>(std::move(*made));
    const auto host_key = generate_key_pair(KeyPairType::Ecdsa, 256, "host");
    ASSERT_TRUE(host_key);
    ASSERT_TRUE(
        io::write_file(directory->path() + "/host_key", host_key->private_key.reveal(), 0600));
    options.username = "user";
    options.password = Secret("secret");
    options.timeout = std::chrono::seconds(30);
    options.handshake_attempts = 1;
  }
  void serve(const test::PasswordRules& rules) {
    auto started = test::PasswordServer::start(rules, directory->path() + "/host_key");
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  Result<std::unique_ptr<Communicator>> connect() {
    return connect_ssh(options, "127.0.0.1", server->port(), cancel, ui);
  }
  void expect_works() {
    const auto communicator = connect();
    ASSERT_TRUE(communicator) << communicator.error().message;
    std::string out;
    RemoteCommand command;
    command.command = "say this";
    command.on_stdout = [&](std::string_view bytes) { out += bytes; };
    const auto status = (*communicator)->run(command, cancel);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(*status, 0);
    EXPECT_EQ(out, "say this");
  }
  std::unique_ptr<io::TempDirectory> directory;
  std::unique_ptr<test::PasswordServer> server;
  SshOptions options;
  CancelToken cancel;
  RecordingUi ui;
};

TEST_F(Password, LogsIn) {
  serve({});
  expect_works();
  EXPECT_EQ(server->refused(), 0);
}

TEST_F(Password, AnswersEveryQuestion) {
  serve({"user", "secret", false, 3});
  expect_works();
  EXPECT_EQ(server->refused(), 0);
}

TEST_F(Password, WrongOneIsRefusedByBothMethods) {
  serve({"user", "other", true, 1});
  const auto communicator = connect();
  ASSERT_FALSE(communicator);
  EXPECT_EQ(communicator.error().code, ErrorCode::Denied);
  EXPECT_NE(
      communicator.error().message.find("attempted methods [none password keyboard-interactive]"),
      std::string::npos)
      << communicator.error().message;
  EXPECT_EQ(server->refused(), 2);
}

TEST_F(Password, AgentLoginNeedsAnAgent) {
  serve({});
  options.agent_auth = true;
  options.agent_socket = "";
  const auto communicator = connect();
  ASSERT_FALSE(communicator);
  EXPECT_EQ(communicator.error().message,
            "ssh_agent_auth: there is no SSH agent (SSH_AUTH_SOCK is not set)");
}

}  // namespace
}  // namespace farm::builders::ssh
