// Agent forwarding: commands in the machine use the keys of the user's agent, through a real sshd
// and a real ssh-agent, with OpenSSH's own programs on the machine's side.
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "builders/communicators/ssh/agent_listener.h"
#include "tests/unit/builders/communicators/ssh/agent_fixture.h"
#include "tests/unit/builders/communicators/ssh/fixture.h"

namespace farm::builders::ssh {
namespace {

class Forwarding : public SshTest {
 protected:
  void SetUp() override {
    SshTest::SetUp();
    start_agent();
  }

  void start_agent() {
    agent = std::make_unique<TestAgent>(server->directory());
    const auto made = server->keygen("lent", {"-t", "ed25519"});
    ASSERT_TRUE(made) << made.error().message;
    key = *made;
    agent->hold(key);
    options.disable_agent_forwarding = false;
    options.agent_socket = agent->socket();
  }

  /// A server whose commands find only `programs` of /usr/bin.
  void start_bare_server(const std::vector<std::string>& programs) {
    bin = server->directory() + "-bin";
    ASSERT_TRUE(io::make_directories(bin));
    for (const std::string& name : programs) {
      ASSERT_EQ(::symlink(("/usr/bin/" + name).c_str(), (bin + "/" + name).c_str()), 0);
    }
    agent.reset();
    server.reset();
    // HOME: only the first such line of a configuration counts.
    start_server({{"SetEnv PATH=" + bin + " HOME=" + bin}});
    start_agent();
  }
  void TearDown() override {
    if (!bin.empty()) {
      EXPECT_TRUE(io::remove_tree(bin));
    }
  }

  static void await_gone(const std::string& path) {
    const CancelToken never;
    const Instant deadline = io::steady_now() + std::chrono::seconds(60);
    while (::access(path.c_str(), F_OK) == 0 && io::steady_now() < deadline) {
      never.sleep(std::chrono::milliseconds(10));
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0) << path;
  }

  std::unique_ptr<TestAgent> agent;
  std::string key;
  std::string bin;
};

TEST_F(Forwarding, CommandsSeeTheAgentsKeys) {
  auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  const Output listed = run(**made, "ssh-add -l && echo status $?");
  EXPECT_NE(listed.out.find("(ED25519)\nstatus 0\n"), std::string::npos)
      << listed.out << listed.err;
  const std::string socket = run(**made, "printf %s \"$SSH_AUTH_SOCK\"").out;
  EXPECT_NE(socket, agent->socket());
  struct stat info {};
  ASSERT_EQ(::stat(io::parent_path(socket).c_str(), &info), 0) << socket;
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  // The same listener serves every command, and has gone with the session.
  EXPECT_EQ(run(**made, "printf %s \"$SSH_AUTH_SOCK\"").out, socket);
  made->reset();
  await_gone(socket);
  await_gone(io::parent_path(socket));
}

TEST_F(Forwarding, AgentKeysSignAndLogInFurther) {
  const auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  const Output signed_there = run(
      **made, fmt::format("cd {0} && echo text > text && ssh-keygen -q -Y sign -n file -f {1}.pub "
                          "text && ssh-keygen -Y check-novalidate -n file -s text.sig < text",
                          server->directory(), key));
  EXPECT_EQ(signed_there.status, 0) << signed_there.err;
  const Output hop = run(
      **made, fmt::format("ssh -o BatchMode=yes -o StrictHostKeyChecking=no "
                          "-o UserKnownHostsFile=/dev/null -o IdentityFile=none -p {} "
                          "{}@127.0.0.1 echo second hop",
                          server->port(), server->user()));
  EXPECT_EQ(hop.out, "second hop\n") << hop.err;
}

TEST_F(Forwarding, SeveralProgramsAskAtOnce) {
  const auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  const Output counted = run(
      **made, "for i in 1 2 3 4 5 6 7 8; do ssh-add -l & done; wait; head -c 3000000 /dev/zero");
  EXPECT_EQ(counted.out.size() > 3'000'000, true);
  size_t keys = 0;
  for (size_t at = 0; (at = counted.out.find("(ED25519)", at)) != std::string::npos; ++at) ++keys;
  EXPECT_EQ(keys, 8U);
  // A status is told apart from that of the listener, which ends with another.
  EXPECT_EQ(run(**made, "ssh-add -l > /dev/null; exit 7").status, 7);
}

TEST_F(Forwarding, ComesBackWithANewSession) {
  const auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  const std::string first = run(**made, "printf %s \"$SSH_AUTH_SOCK\"").out;
  server->stop();
  ASSERT_TRUE(server->start_again());
  EXPECT_EQ(run(**made, "ssh-add -l > /dev/null").status, 0);
  EXPECT_NE(run(**made, "printf %s \"$SSH_AUTH_SOCK\"").out, first);
  // stop() kills as a reset does: nobody was left to take the first one away.
  EXPECT_TRUE(io::remove_tree(io::parent_path(first)));
}

TEST_F(Forwarding, AnAgentThatIsGoneRefusesAndTheCommandGoesOn) {
  const auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(run(**made, "ssh-add -l > /dev/null").status, 0);
  agent.reset();
  const Output refused = run(**made, "ssh-add -l; echo $?");
  EXPECT_EQ(refused.out, "1\n") << refused.err;
  EXPECT_NE(refused.err.find("agent refused operation"), std::string::npos) << refused.err;
}

TEST_F(Forwarding, SwitchedOffLeavesTheEnvironmentAlone) {
  options.disable_agent_forwarding = true;
  const auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(run(**made, "echo \"[$SSH_AUTH_SOCK]\"").out, "[]\n");
}

TEST_F(Forwarding, PythonDoesWithoutPerl) {
  start_bare_server({"sh", "python3", "ssh-add"});
  auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(run(**made, "perl -e 1").status, 127);
  const Output listed = run(**made, "ssh-add -l & ssh-add -l; wait");
  EXPECT_NE(listed.out.find("(ED25519)"), listed.out.rfind("(ED25519)"))
      << listed.out << listed.err;
  const std::string socket = run(**made, "printf %s \"$SSH_AUTH_SOCK\"").out;
  ASSERT_EQ(::access(socket.c_str(), F_OK), 0) << socket;
  made->reset();
  await_gone(socket);
  await_gone(io::parent_path(socket));
}

TEST_F(Forwarding, AMachineWithNeitherIsSaidOnce) {
  start_bare_server({"sh"});
  const auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run(**made, "echo \"[$SSH_AUTH_SOCK]\"").out, "[]\n");
  const std::string logged = ::testing::internal::GetCapturedStderr();
  const size_t said = logged.find("the machine has neither perl nor python3");
  EXPECT_NE(said, std::string::npos) << logged;
  EXPECT_EQ(logged.rfind("the machine has neither perl nor python3"), said) << logged;
}

TEST(AgentListener, EndsWhereTheInterpretersStopReading) {
  EXPECT_TRUE(listener_program(AgentListener::Perl).ends_with("\n__END__\n"));
  const std::string_view python = listener_program(AgentListener::Python);
  EXPECT_NE(listener_command().find(fmt::format(".read({})", python.size())), std::string::npos);
  // The command passes through shells inside single quotes.
  EXPECT_EQ(listener_command().find('\'', 7), listener_command().size() - 1);
}

}  // namespace
}  // namespace farm::builders::ssh
