#include "tests/unit/builders/communicators/ssh/fixture.h"

namespace farm::builders::ssh {
namespace {

class Login : public SshTest {};

TEST_F(Login, SaysWhatUsersKnow) {
  const auto communicator = connect();
  ASSERT_TRUE(communicator) << communicator.error().message;
  EXPECT_EQ(ui.said, (std::vector<std::string>{"Using SSH communicator to connect: 127.0.0.1",
                                               "Waiting for SSH to become available...",
                                               "Connected to SSH!"}));
}

TEST_F(Login, TakesEveryKindOfGeneratedKey) {
  struct Case {
    const char* type;
    int64_t bits;
  };
  const Case cases[] = {{"rsa", 2048},  {"rsa", 4096},  {"ecdsa", 256},
                        {"ecdsa", 384}, {"ecdsa", 521}, {"ed25519", 0}};
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.type) + std::to_string(c.bits));
    const auto key = server->make_key(c.type, c.bits);
    ASSERT_TRUE(key) << key.error().message;
    options.private_key = Secret(*key);
    const auto communicator = connect();
    ASSERT_TRUE(communicator) << communicator.error().message;
    EXPECT_EQ(run(**communicator, "echo in").out, "in\n");
  }
}

TEST_F(Login, TakesKeyFilesOfSshKeygen) {
  struct Case {
    const char* name;
    std::vector<std::string> arguments;
  };
  const Case cases[] = {
      {"rsa-openssh", {"-t", "rsa", "-b", "2048"}},
      {"rsa-pem", {"-t", "rsa", "-b", "3072", "-m", "PEM"}},
      {"rsa-pkcs8", {"-t", "rsa", "-b", "2048", "-m", "PKCS8"}},
      {"ecdsa-openssh", {"-t", "ecdsa", "-b", "256"}},
      {"ecdsa-pem", {"-t", "ecdsa", "-b", "521", "-m", "PEM"}},
      {"ed25519", {"-t", "ed25519"}},
  };
  options.private_key = Secret();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto path = server->keygen(c.name, c.arguments);
    ASSERT_TRUE(path) << path.error().message;
    options.private_key_file = *path;
    const auto communicator = connect();
    ASSERT_TRUE(communicator) << communicator.error().message;
    EXPECT_EQ(run(**communicator, "echo in").out, "in\n");
  }
}

}  // namespace
}  // namespace farm::builders::ssh
