// Every ssh option arrives where the communicator reads it: the one place where option names are
// typed twice, so that a name misspelt in the decoder shows.
#include <gtest/gtest.h>

#include "builders/communicators/communicator_options.h"
#include "builders/communicators/ssh/key_pair.h"
#include "common/io/files.h"
#include "common/io/process.h"
#include "common/plan/render.h"

namespace farm::builders {
namespace {

using value::Number;
using value::Type;
using value::Value;

Value text(const std::string& utf8) {
  return Value::string(utf8);
}
Value number(int64_t n) {
  return Value::number(Number(n));
}
Value yes() {
  return Value::boolean(true);
}
Value list(const char* one) {
  return Value::list(Type::string(), {Value::string(one)});
}

class EveryOption : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto pair = ssh::generate_key_pair(ssh::KeyPairType::Ed25519, 0, "x");
    ASSERT_TRUE(pair);
    ASSERT_TRUE(io::write_file(path("key"), pair->private_key.reveal(), 0600));
    ASSERT_TRUE(io::write_file(path("key.pub"), pair->authorized_keys));
    const auto authority = ssh::generate_key_pair(ssh::KeyPairType::Ed25519, 0, "ca");
    ASSERT_TRUE(authority);
    ASSERT_TRUE(io::write_file(path("ca"), authority->private_key.reveal(), 0600));
    io::RunOptions sign;
    sign.spawn.argv = {"ssh-keygen", "-q", "-s", path("ca"),     "-I",
                       "id",         "-n", "u",  path("key.pub")};
    ASSERT_TRUE(io::run_program_checked(sign, CancelToken()).has_value());
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  CommunicatorOptions decode(Value::Map config) {
    Environment environment;
    environment.set("SSH_AUTH_SOCK", "/run/agent");
    const PrepareContext context{render_, environment, directory_.path()};
    Findings findings;
    config["communicator"] = text("ssh");
    config["ssh_username"] = text("u");
    const CommunicatorOptions options =
        CommunicatorOptions::decode(Value::object(std::move(config)), context, {}, findings);
    EXPECT_EQ(findings.errors, std::vector<std::string>{});
    return options;
  }
  io::TempDirectory directory_ = *io::TempDirectory::create("/tmp", "farm-options-");
  plan::RenderInputs render_;
};

TEST_F(EveryOption, OfTheConnection) {
  const CommunicatorOptions options =
      decode({{"ssh_host", text("h")},
              {"ssh_port", number(2200)},
              {"ssh_password", text("secret")},
              {"ssh_pty", yes()},
              {"ssh_timeout", text("7m")},
              {"ssh_handshake_attempts", number(3)},
              {"ssh_keep_alive_interval", text("9s")},
              {"ssh_read_write_timeout", text("8s")},
              {"ssh_file_transfer_method", text("sftp")},
              {"ssh_ciphers", list("aes256-ctr")},
              {"ssh_key_exchange_algorithms", list("ecdh-sha2-nistp256")},
              {"ssh_remote_tunnels", list("1:a:2")},
              {"ssh_local_tunnels", list("3:b:4")},
              {"pause_before_connecting", text("2s")}});
  const ssh::SshOptions& ssh = options.ssh;
  EXPECT_EQ(options.host(), "h");
  EXPECT_EQ(options.port(), 2200);
  EXPECT_EQ(options.username(), "u");
  ASSERT_TRUE(ssh.password.has_value());
  EXPECT_EQ(ssh.password->reveal(), "secret");
  EXPECT_TRUE(ssh.pty);
  EXPECT_EQ(ssh.timeout, std::chrono::minutes(7));
  EXPECT_EQ(ssh.handshake_attempts, 3);
  EXPECT_EQ(ssh.keep_alive_interval, std::chrono::seconds(9));
  EXPECT_EQ(ssh.read_write_timeout, std::chrono::seconds(8));
  EXPECT_EQ(ssh.transfer_method, ssh::TransferMethod::Sftp);
  EXPECT_EQ(ssh.ciphers, std::vector<std::string>{"aes256-ctr"});
  EXPECT_EQ(ssh.key_exchange_algorithms, std::vector<std::string>{"ecdh-sha2-nistp256"});
  ASSERT_EQ(ssh.remote_tunnels.size(), 1U);
  EXPECT_EQ(ssh.remote_tunnels[0].host, "a");
  ASSERT_EQ(ssh.local_tunnels.size(), 1U);
  EXPECT_EQ(ssh.local_tunnels[0].host, "b");
  EXPECT_EQ(options.pause_before_connecting, std::chrono::seconds(2));
  EXPECT_EQ(decode({{"ssh_wait_timeout", text("4m")}}).ssh.timeout, std::chrono::minutes(4));
}

TEST_F(EveryOption, OfTheKeys) {
  const ssh::SshOptions file = decode({{"ssh_private_key_file", text("key")},
                                       {"ssh_certificate_file", text("key-cert.pub")},
                                       {"ssh_keypair_name", text("named")},
                                       {"ssh_clear_authorized_keys", yes()}})
                                   .ssh;
  EXPECT_EQ(file.private_key_file, path("key"));
  EXPECT_EQ(file.certificate_file, path("key-cert.pub"));
  EXPECT_EQ(file.keypair_name, "named");
  EXPECT_TRUE(file.clear_authorized_keys);
  const ssh::SshOptions made = decode({{"temporary_key_pair_name", text("temporary")},
                                       {"temporary_key_pair_type", text("ecdsa")},
                                       {"temporary_key_pair_bits", number(384)}})
                                   .ssh;
  EXPECT_EQ(made.temporary_key_pair_name, "temporary");
  EXPECT_EQ(made.temporary_key_pair_type, "ecdsa");
  EXPECT_EQ(made.temporary_key_pair_bits, 384);
  const ssh::SshOptions agent =
      decode({{"ssh_agent_auth", yes()}, {"ssh_disable_agent_forwarding", yes()}}).ssh;
  EXPECT_TRUE(agent.agent_auth);
  EXPECT_TRUE(agent.disable_agent_forwarding);
  const ssh::SshOptions given =
      decode({{"ssh_public_key", text("public")}, {"ssh_private_key", text("private")}}).ssh;
  EXPECT_EQ(given.public_key, "public");
  EXPECT_EQ(given.private_key.reveal(), "private");
}

TEST_F(EveryOption, OfTheWayThere) {
  const ssh::BastionOptions keyed = decode({{"ssh_bastion_host", text("b")},
                                            {"ssh_bastion_port", number(2022)},
                                            {"ssh_bastion_username", text("v")},
                                            {"ssh_bastion_agent_auth", yes()},
                                            {"ssh_bastion_private_key_file", text("key")},
                                            {"ssh_bastion_certificate_file", text("key-cert.pub")}})
                                        .ssh.bastion;
  EXPECT_EQ(keyed.host, "b");
  EXPECT_EQ(keyed.port, 2022);
  EXPECT_EQ(keyed.username, "v");
  EXPECT_TRUE(keyed.agent_auth);
  EXPECT_EQ(keyed.private_key_file, path("key"));
  EXPECT_EQ(keyed.certificate_file, path("key-cert.pub"));
  const ssh::BastionOptions asked = decode({{"ssh_bastion_host", text("b")},
                                            {"ssh_bastion_username", text("v")},
                                            {"ssh_bastion_password", text("p")},
                                            {"ssh_bastion_interactive", yes()}})
                                        .ssh.bastion;
  EXPECT_EQ(asked.password->reveal(), "p");
  EXPECT_TRUE(asked.interactive);
  const ssh::ProxyOptions proxy = decode({{"ssh_proxy_host", text("p")},
                                          {"ssh_proxy_port", number(1081)},
                                          {"ssh_proxy_username", text("w")},
                                          {"ssh_proxy_password", text("q")}})
                                      .ssh.proxy;
  EXPECT_EQ(proxy.host, "p");
  EXPECT_EQ(proxy.port, 1081);
  EXPECT_EQ(proxy.username, "w");
  EXPECT_EQ(proxy.password.reveal(), "q");
}

}  // namespace
}  // namespace farm::builders
