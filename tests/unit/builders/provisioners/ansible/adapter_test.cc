// The adapter as OpenSSH's own clients see it, in front of a communicator that is no SSH.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "builders/communicators/ssh/key_pair.h"
#include "builders/provisioners/ansible/bridge.h"
#include "builders/provisioners/ansible/scp_service.h"
#include "builders/provisioners/ansible/ssh_proxy.h"
#include "common/io/files.h"
#include "common/io/process.h"
#include "tests/support/fakes/fake_build.h"
#include "tests/support/fakes/local_communicator.h"

namespace farm::builders::provisioner_ansible {
namespace {

using ssh::generate_key_pair;
using ssh::KeyPair;
using ssh::KeyPairType;

class Adapter : public ::testing::Test {
 protected:
  Adapter() : directory_(*io::TempDirectory::create(::testing::TempDir(), "adapter")) {
    auto guest = std::make_unique<farm::testing::LocalCommunicator>();
    guest_ = guest.get();
    build_.context.communicator = std::move(guest);
  }

  void start(KeyPairType host = KeyPairType::Ed25519, KeyPairType client = KeyPairType::Ecdsa) {
    const KeyPair key = *generate_key_pair(client, client == KeyPairType::Rsa ? 2048 : 0, "client");
    ASSERT_TRUE(io::write_file(path("key"), key.private_key.reveal(), 0600).has_value());
    ProxySettings settings;
    settings.user = "ansible";
    settings.authorized_key = key.authorized_keys;
    const int64_t bits = host == KeyPairType::Rsa ? 2048 : 0;
    settings.host_keys = {generate_key_pair(host, bits, "host")->private_key.reveal()};
    settings.sftp_command = "/usr/lib/openssh/sftp-server -e";
    settings.shell_command = shell_;
    auto started = SshProxy::start(settings, bridge_, build_.cancel);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    proxy_ = std::move(*started);
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  std::vector<std::string> options(const std::string& port_flag) const {
    return {"-F",      "/dev/null",
            "-o",      "StrictHostKeyChecking=no",
            "-o",      "UserKnownHostsFile=/dev/null",
            "-o",      "IdentitiesOnly=yes",
            "-o",      "BatchMode=yes",
            "-o",      "LogLevel=ERROR",
            "-i",      path("key"),
            port_flag, std::to_string(proxy_->port())};
  }

  /// Runs one of OpenSSH's clients while this thread serves the guest.
  io::Finished client(const std::string& program, const std::vector<std::string>& words,
                      const std::string& input = {}) {
    io::RunOptions run;
    run.spawn.argv = {program};
    for (const auto& list : {options(program == "ssh" ? "-p" : "-P"), words}) {
      run.spawn.argv.insert(run.spawn.argv.end(), list.begin(), list.end());
    }
    run.input = input;
    run.keep_bytes = 64U << 20;
    run.deadline = std::chrono::seconds(20);
    Result<io::Finished> finished = internal("not run");
    std::thread runner([&] {
      finished = io::run_program(run, {});
      bridge_.stop();
    });
    bridge_.serve(build_.context);
    runner.join();
    EXPECT_TRUE(finished.has_value()) << finished.error().message;
    return finished ? *finished : io::Finished{};
  }

  io::Finished ssh(const std::string& command, const std::string& input = {},
                   std::vector<std::string> more = {}) {
    more.insert(more.end(), {"ansible@127.0.0.1", command});
    return client("ssh", more, input);
  }

  std::string shell_ = "exec /bin/sh";
  io::TempDirectory directory_;
  farm::testing::FakeBuild build_{directory_.path()};
  farm::testing::LocalCommunicator* guest_ = nullptr;
  Bridge bridge_{staging::GuestOs::Unix};
  std::unique_ptr<SshProxy> proxy_;
};

TEST_F(Adapter, RunsACommandWithItsStreamsAndStatus) {
  start();
  const io::Finished done = ssh("cat; echo out; echo err >&2; exit 7", "from here\n");
  EXPECT_EQ(done.standard_output, "from here\nout\n");
  EXPECT_EQ(done.standard_error, "err\n");
  EXPECT_EQ(done.status.code, 7);
}

TEST_F(Adapter, CommandThatIgnoresItsInputEnds) {
  start();
  EXPECT_EQ(ssh("echo done", "", {"-tt"}).standard_output, "done\n");
}

TEST_F(Adapter, AnswersWhileInputIsStillOpen) {
  start();
  // As sudo asks for a password: the prompt comes first, the answer only after it.
  const std::string ask = "printf 'who? '; read name; echo \"hello $name\"";
  const std::string fifo = path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::vector<std::string> words = {"-c",
                                    "exec 3<>" + fifo +
                                        "; \"$@\" <&3 | { IFS= read -r -n 5 "
                                        "prompt; echo ana >&3; echo \"[$prompt]\"; cat; }",
                                    "bash", "ssh"};
  for (const std::string& word : options("-p")) words.push_back(word);
  words.insert(words.end(), {"ansible@127.0.0.1", ask});
  io::RunOptions run;
  run.spawn.argv = {"bash"};
  run.spawn.argv.insert(run.spawn.argv.end(), words.begin(), words.end());
  run.deadline = std::chrono::seconds(30);
  Result<io::Finished> finished = internal("not run");
  std::thread runner([&] {
    finished = io::run_program(run, {});
    bridge_.stop();
  });
  bridge_.serve(build_.context);
  runner.join();
  ASSERT_TRUE(finished.has_value()) << finished.error().message;
  EXPECT_EQ(finished->standard_output, "[who? ]\nhello ana\n");
}

TEST_F(Adapter, CarriesMegabytesBothWays) {
  start();
  std::string data(6U << 20, 'x');
  for (size_t i = 0; i < data.size(); i += 977) data[i] = static_cast<char>('a' + i % 26);
  const io::Finished done = ssh("cat", data);
  EXPECT_EQ(done.standard_output.size(), data.size());
  EXPECT_TRUE(done.standard_output == data);
}

TEST_F(Adapter, PassesEnvironmentOfTheClient) {
  start();
  EXPECT_EQ(ssh("echo \"$GREETING\"", "", {"-o", "SetEnv=GREETING=\"it's me\""}).standard_output,
            "it's me\n");
}

class AdapterKeys : public Adapter, public ::testing::WithParamInterface<KeyPairType> {};

TEST_P(AdapterKeys, HostAndClientKeysOfEveryKind) {
  start(GetParam(), GetParam());
  const io::Finished done = ssh("echo ok");
  EXPECT_EQ(done.standard_output, "ok\n") << done.standard_error;
}
INSTANTIATE_TEST_SUITE_P(Kinds, AdapterKeys,
                         ::testing::Values(KeyPairType::Ed25519, KeyPairType::Rsa,
                                           KeyPairType::Ecdsa));

TEST_F(Adapter, OtherKeysAreRefused) {
  start();
  const KeyPair other = *generate_key_pair(KeyPairType::Ed25519, 0, "other");
  ASSERT_TRUE(io::write_file(path("key"), other.private_key.reveal(), 0600).has_value());
  const io::Finished done = ssh("echo in");
  EXPECT_EQ(done.status.code, 255);
  EXPECT_NE(done.standard_error.find("Permission denied (publickey)"), std::string::npos)
      << done.standard_error;
  EXPECT_TRUE(guest_->commands.empty());
}

TEST_F(Adapter, NamesThatAreNotExpectedAreRefused) {
  start();
  EXPECT_EQ(client("ssh", {"root@127.0.0.1", "echo in"}).status.code, 255);
  EXPECT_TRUE(guest_->commands.empty());
}

TEST_F(Adapter, ShellReadsCommands) {
  start();
  const io::Finished done = client("ssh", {"ansible@127.0.0.1"}, "echo one\necho two >&2\nexit 3\n");
  EXPECT_EQ(done.standard_output, "one\n");
  EXPECT_NE(done.standard_error.find("two\n"), std::string::npos) << done.standard_error;
  EXPECT_EQ(done.status.code, 3);
}

TEST_F(Adapter, NoShellForAPerson) {
  start();
  const io::Finished done = client("ssh", {"-tt", "ansible@127.0.0.1"});
  EXPECT_EQ(done.standard_error, "This adapter has no interactive shell: give ssh a command.\r\n");
  EXPECT_EQ(done.status.code, 1);
  EXPECT_TRUE(guest_->commands.empty());
}

TEST_F(Adapter, NoShellForAGuestWithoutOne) {
  shell_.clear();
  start();
  const io::Finished done = client("ssh", {"ansible@127.0.0.1"}, "echo in\n");
  EXPECT_EQ(done.standard_error,
            "This adapter has no shell for this guest: give ssh a command.\r\n");
  EXPECT_EQ(done.status.code, 1);
  EXPECT_TRUE(guest_->commands.empty());
}

TEST_F(Adapter, ScpUploadsAFile) {
  start();
  ASSERT_TRUE(io::write_file(path("from"), std::string(300'000, 'q'), 0640).has_value());
  const io::Finished done =
      client("scp", {"-O", "-p", path("from"), "ansible@127.0.0.1:'" + path("a b") + "'"});
  ASSERT_EQ(done.status.code, 0) << done.standard_error;
  EXPECT_EQ(*io::read_file(path("a b")), std::string(300'000, 'q'));
  struct stat status {};
  ASSERT_EQ(::stat(path("a b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST_F(Adapter, ScpIntoAFolderKeepsTheName) {
  start();
  ASSERT_TRUE(io::write_file(path("from"), "x").has_value());
  ASSERT_TRUE(io::make_directories(path("into")).has_value());
  ASSERT_EQ(client("scp", {"-O", path("from"), "ansible@127.0.0.1:" + path("into")}).status.code,
            0);
  EXPECT_EQ(*io::read_file(path("into/from")), "x");
}

TEST_F(Adapter, ScpUploadsAFolder) {
  start();
  ASSERT_TRUE(io::make_directories(path("tree/inner")).has_value());
  ASSERT_TRUE(io::write_file(path("tree/a"), "1").has_value());
  ASSERT_TRUE(io::write_file(path("tree/inner/b"), "").has_value());
  const io::Finished done =
      client("scp", {"-O", "-r", path("tree"), "ansible@127.0.0.1:" + path("copy")});
  ASSERT_EQ(done.status.code, 0) << done.standard_error;
  EXPECT_EQ(*io::read_file(path("copy/a")), "1");
  EXPECT_EQ(*io::read_file(path("copy/inner/b")), "");
}

TEST_F(Adapter, ScpDownloads) {
  start();
  ASSERT_TRUE(io::make_directories(path("tree/inner")).has_value());
  ASSERT_TRUE(io::write_file(path("tree/inner/b"), "two").has_value());
  const io::Finished done =
      client("scp", {"-O", "-r", "ansible@127.0.0.1:" + path("tree"), path("got")});
  ASSERT_EQ(done.status.code, 0) << done.standard_error;
  EXPECT_EQ(*io::read_file(path("got/inner/b")), "two");
}

TEST_F(Adapter, ScpSaysWhatFailed) {
  start();
  const io::Finished done =
      client("scp", {"-O", "ansible@127.0.0.1:" + path("missing"), path("got")});
  EXPECT_EQ(done.status.code, 1);
  EXPECT_NE(done.standard_error.find("missing"), std::string::npos) << done.standard_error;
}

TEST_F(Adapter, SftpRunsTheGuestsServer) {
  start();
  ASSERT_TRUE(io::write_file(path("from"), std::string(200'000, 's')).has_value());
  const io::Finished done =
      client("sftp", {"-b", "-", "ansible@127.0.0.1"},
             "put " + path("from") + " " + path("to") + "\nget " + path("to") + " " + path("back"));
  ASSERT_EQ(done.status.code, 0) << done.standard_error;
  EXPECT_EQ(*io::read_file(path("back")), std::string(200'000, 's'));
  EXPECT_EQ(guest_->commands, std::vector<std::string>{"/usr/lib/openssh/sftp-server -e"});
}

TEST_F(Adapter, ClientThatGoesEndsItsCommand) {
  start();
  io::RunOptions run;
  run.spawn.argv = {"timeout", "-s", "KILL", "2", "ssh"};
  for (const std::string& word : options("-p")) run.spawn.argv.push_back(word);
  run.spawn.argv.insert(run.spawn.argv.end(), {"ansible@127.0.0.1", "exec sleep 600"});
  run.deadline = std::chrono::seconds(30);
  std::thread runner([&] {
    (void)io::run_program(run, {});
    // Served after the first was cut off.
    run.spawn.argv = {"ssh"};
    for (const std::string& word : options("-p")) run.spawn.argv.push_back(word);
    run.spawn.argv.insert(run.spawn.argv.end(), {"ansible@127.0.0.1", "echo next"});
    const auto next = io::run_program(run, {});
    EXPECT_TRUE(next && next->standard_output == "next\n");
    bridge_.stop();
  });
  bridge_.serve(build_.context);
  runner.join();
  EXPECT_EQ(guest_->cancelled_commands, 1);
}

TEST_F(Adapter, CancelledBuildEndsWhatRuns) {
  start();
  std::thread canceller([&] {
    while (!io::exists(path("started"))) std::this_thread::yield();
    build_.cancel.cancel();
  });
  const io::Finished done = ssh("touch " + path("started") + "; exec sleep 600");
  canceller.join();
  EXPECT_NE(done.status.code, 0);
}

TEST(ScpCommandLine, OnlyScpServersAreTaken) {
  struct Case {
    const char* command;
    const char* path;  // nullptr: not scp
    bool receive;
    bool recursive;
  };
  const std::vector<Case> cases = {
      {"scp -t /x", "/x", true, false},
      {"scp -v -r -p -t -- '/a b'", "/a b", true, true},
      {"/usr/bin/scp -rf /x", "/x", false, true},
      {"scp -t ~/x", "x", true, false},
      {"scp -f \"/it's\"", "/it's", false, false},
      {"scp -t $HOME", nullptr, false, false},
      {"scp -t /x; rm y", nullptr, false, false},
      {"scp a b", nullptr, false, false},
      {"scp -t 'open", nullptr, false, false},
      {"echo scp -t /x", nullptr, false, false},
      {"scp -t -f /x", nullptr, false, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.command);
    const auto parsed = parse_scp_command(c.command);
    ASSERT_EQ(parsed.has_value(), c.path != nullptr);
    if (!parsed) continue;
    EXPECT_EQ(parsed->path, c.path);
    EXPECT_EQ(parsed->receive, c.receive);
    EXPECT_EQ(parsed->recursive, c.recursive);
  }
}

}  // namespace
}  // namespace farm::builders::provisioner_ansible
