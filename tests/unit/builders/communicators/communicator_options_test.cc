#include "builders/communicators/communicator_options.h"

#include <gtest/gtest.h>

#include "builders/communicators/none/none_communicator.h"
#include "builders/communicators/ssh/key_pair.h"
#include "common/io/files.h"
#include "common/plan/render.h"

namespace farm::builders {
namespace {

using value::Number;
using value::Type;
using value::Value;

Value text(const char* bytes) {
  return Value::string(bytes);
}

class CommunicatorOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = io::TempDirectory::create("/tmp", "farm-options-");
    ASSERT_TRUE(made);
    directory = std::make_unique<io::TempDirectory>(std::move(*made));
    environment.set("HOME", directory->path());
    environment.set("SSH_AUTH_SOCK", "/run/agent");
    const auto pair = ssh::generate_key_pair(ssh::KeyPairType::Ed25519, 0, "x");
    ASSERT_TRUE(pair);
    ASSERT_TRUE(io::write_file(directory->path() + "/key", pair->private_key.reveal(), 0600));
    ASSERT_TRUE(io::write_file(directory->path() + "/junk", "no key"));
  }

  CommunicatorOptions decode(Value::Map config, const CommunicatorRules& rules = {}) {
    findings = {};
    const PrepareContext context{render, environment, directory->path()};
    return CommunicatorOptions::decode(Value::object(std::move(config)), context, rules, findings);
  }

  std::unique_ptr<io::TempDirectory> directory;
  Environment environment;
  plan::RenderInputs render;
  Findings findings;
};

TEST_F(CommunicatorOptionsTest, HasThePlainDefaults) {
  const auto options = decode({{"ssh_username", text("u")}});
  EXPECT_EQ(findings.errors, std::vector<std::string>{});
  EXPECT_EQ(options.type, CommunicatorType::Ssh);
  EXPECT_EQ(options.port(), 22);
  EXPECT_EQ(options.ssh.timeout, std::chrono::minutes(5));
  EXPECT_EQ(options.ssh.handshake_attempts, 10);
  EXPECT_EQ(options.ssh.keep_alive_interval, std::chrono::seconds(5));
  EXPECT_EQ(options.ssh.read_write_timeout, Duration{0});
  EXPECT_EQ(options.ssh.transfer_method, ssh::TransferMethod::Scp);
  EXPECT_EQ(options.ssh.agent_socket, "/run/agent");
  EXPECT_TRUE(options.ssh.needs_temporary_key());
}

TEST_F(CommunicatorOptionsTest, OneLimitMakesTheOtherUnlimited) {
  auto options = decode({{"ssh_username", text("u")}, {"ssh_timeout", text("20m")}});
  EXPECT_EQ(options.ssh.timeout, std::chrono::minutes(20));
  EXPECT_EQ(options.ssh.handshake_attempts, 0);
  options = decode(
      {{"ssh_username", text("u")}, {"ssh_handshake_attempts", Value::number(Number(int64_t{3}))}});
  EXPECT_EQ(options.ssh.timeout, Duration{0});
  EXPECT_EQ(options.ssh.handshake_attempts, 3);
  options = decode({{"ssh_username", text("u")},
                    {"ssh_timeout", text("20m")},
                    {"ssh_wait_timeout", text("7m")}});
  EXPECT_EQ(options.ssh.timeout, std::chrono::minutes(7));
}

TEST_F(CommunicatorOptionsTest, FindsWhatIsWrong) {
  struct Case {
    const char* name;
    Value::Map config;
    std::string error;
  };
  const std::string junk = directory->path() + "/junk";
  const Case cases[] = {
      {"no user", {}, "An ssh_username must be specified"},
      {"junk key",
       {{"ssh_username", text("u")}, {"ssh_private_key_file", text("junk")}},
       "ssh_private_key_file is invalid: " + junk + ": no private key in PEM or OpenSSH format"},
      {"certificate alone",
       {{"ssh_username", text("u")}, {"ssh_certificate_file", text("c")}},
       "ssh_certificate_file needs ssh_private_key_file"},
      {"no certificate",
       {{"ssh_username", text("u")},
        {"ssh_private_key_file", text("~/key")},
        {"ssh_certificate_file", text("junk")}},
       "ssh_certificate_file is invalid: " + junk + ": no OpenSSH certificate"},
      {"bastion and proxy",
       {{"ssh_username", text("u")},
        {"ssh_bastion_host", text("b")},
        {"ssh_bastion_username", text("u")},
        {"ssh_bastion_password", text("p")},
        {"ssh_proxy_host", text("s")}},
       "ssh_bastion_host and ssh_proxy_host cannot both be specified"},
      {"bastion without a way in",
       {{"ssh_username", text("u")},
        {"ssh_bastion_host", text("b")},
        {"ssh_bastion_username", text("u")}},
       "ssh_bastion_host needs ssh_bastion_password, ssh_bastion_private_key_file or "
       "ssh_bastion_agent_auth"},
      {"port",
       {{"ssh_username", text("u")}, {"ssh_port", Value::number(Number(int64_t{70000}))}},
       "ssh_port must be between 1 and 65535, not 70000"},
      {"tunnel",
       {{"ssh_username", text("u")},
        {"ssh_local_tunnels", Value::list(Type::string(), {text("80:host")})}},
       "ssh_local_tunnels: a tunnel is PORT:HOST:PORT, not \"80:host\""},
      {"key bits",
       {{"ssh_username", text("u")},
        {"temporary_key_pair_type", text("ecdsa")},
        {"temporary_key_pair_bits", Value::number(Number(int64_t{300}))}},
       "temporary_key_pair_bits must be 256, 384 or 521 for an ecdsa key"},
      {"docker",
       {{"communicator", text("docker")}, {"ssh_username", text("u")}},
       "communicator: \"docker\" is none that this builder has"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    decode(c.config);
    EXPECT_EQ(findings.errors, std::vector<std::string>{c.error});
  }
}

TEST_F(CommunicatorOptionsTest, WinRmIsRead) {
  auto options = decode({{"communicator", text("winrm")}, {"winrm_username", text("u")}});
  EXPECT_EQ(findings.errors, std::vector<std::string>{});
  EXPECT_EQ(options.port(), 5985);
  EXPECT_EQ(options.winrm.timeout, std::chrono::minutes(30));
  EXPECT_FALSE(options.winrm.use_ntlm.has_value());
  options = decode({{"communicator", text("winrm")},
                    {"winrm_username", text("u")},
                    {"winrm_password", text("p")},
                    {"winrm_host", text("h")},
                    {"winrm_use_ssl", Value::boolean(true)},
                    {"winrm_insecure", Value::boolean(true)},
                    {"winrm_no_proxy", Value::boolean(true)},
                    {"winrm_use_ntlm", Value::boolean(true)},
                    {"winrm_timeout", text("90s")}});
  EXPECT_EQ(findings.errors, std::vector<std::string>{});
  EXPECT_EQ(options.type, CommunicatorType::WinRm);
  EXPECT_EQ(options.host(), "h");
  EXPECT_EQ(options.username(), "u");
  EXPECT_EQ(options.port(), 5986);
  EXPECT_EQ(options.winrm.password.reveal(), "p");
  EXPECT_TRUE(options.winrm.use_ssl && options.winrm.insecure && options.winrm.no_proxy);
  EXPECT_EQ(options.winrm.use_ntlm, true);
  EXPECT_EQ(options.winrm.timeout, std::chrono::seconds(90));
}

TEST_F(CommunicatorOptionsTest, WinRmRefusals) {
  const auto options =
      decode({{"communicator", text("winrm")},
              {"winrm_port", Value::number(Number(int64_t{70000}))},
              {"winrm_timeout", text("-1s")}});
  EXPECT_EQ(findings.errors, (std::vector<std::string>{
                                 "winrm_username must be specified.",
                                 "winrm_port must be between 1 and 65535, not 70000",
                                 "winrm_timeout must be positive"}));
}

TEST_F(CommunicatorOptionsTest, TunnelsAndBastionAreRead) {
  const auto options =
      decode({{"ssh_username", text("u")},
              {"ssh_private_key_file", text("key")},
              {"ssh_bastion_host", text("b")},
              {"ssh_bastion_username", text("v")},
              {"ssh_keep_alive_interval", text("-1s")},
              {"ssh_remote_tunnels", Value::list(Type::string(), {text("8080:[::1]:80")})}});
  EXPECT_EQ(findings.errors, std::vector<std::string>{});
  EXPECT_EQ(options.ssh.bastion.private_key_file, directory->path() + "/key");
  EXPECT_EQ(options.ssh.keep_alive_interval, Duration{0});
  ASSERT_EQ(options.ssh.remote_tunnels.size(), 1U);
  EXPECT_EQ(options.ssh.remote_tunnels[0].listen_port, 8080);
  EXPECT_EQ(options.ssh.remote_tunnels[0].host, "::1");
  EXPECT_EQ(options.ssh.remote_tunnels[0].port, 80);
}

TEST_F(CommunicatorOptionsTest, BuilderMayDefaultTheUser) {
  const auto options = decode({}, {CommunicatorType::Ssh, "packer", false});
  EXPECT_EQ(findings.errors, std::vector<std::string>{});
  EXPECT_EQ(options.username(), "packer");
}

TEST_F(CommunicatorOptionsTest, NoneRefusesEveryOperation) {
  const auto options = decode({{"communicator", text("none")}});
  EXPECT_EQ(findings.errors, std::vector<std::string>{});
  EXPECT_EQ(options.type, CommunicatorType::None);
  const auto status = make_none_communicator()->run({"true", {}, {}, {}}, CancelToken());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "communicator is \"none\": cannot run a command in the machine");
}

}  // namespace
}  // namespace farm::builders
