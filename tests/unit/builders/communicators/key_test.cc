#include <gtest/gtest.h>

#include "builders/communicators/ssh/certificate.h"
#include "builders/communicators/ssh/key_pair.h"
#include "builders/communicators/ssh/private_key.h"
#include "builders/communicators/ssh/wire.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::ssh {
namespace {

TEST(Wire, ReadsBackWhatItWrote) {
  const std::string bytes =
      WireWriter().byte(7).u32(0x01020304).string("ab").mpint(std::string("\0\x80", 2)).bytes();
  EXPECT_EQ(bytes, std::string("\x07\x01\x02\x03\x04\0\0\0\x02"
                               "ab\0\0\0\x02\0\x80",
                               17));
  WireReader in(bytes);
  EXPECT_EQ(in.byte(), 7);
  EXPECT_EQ(in.u32(), 0x01020304U);
  EXPECT_EQ(in.string(), "ab");
  EXPECT_EQ(in.mpint(), "\x80");
  EXPECT_TRUE(in.ok());
  in.u32();
  EXPECT_FALSE(in.ok());
}

TEST(Wire, Base64RoundTrip) {
  for (const char* text : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(base64_decode(base64_encode(text)), text);
  }
  EXPECT_EQ(base64_decode("YWJ*"), "");
}

TEST(KeyPair, MakesKeysThatSshKeygenReads) {
  struct Case {
    KeyPairType type;
    int64_t bits;
    const char* public_type;
    const char* header;
  };
  const Case cases[] = {
      {KeyPairType::Rsa, 2048, "ssh-rsa", "-----BEGIN RSA PRIVATE KEY-----"},
      {KeyPairType::Ecdsa, 0, "ecdsa-sha2-nistp521", "-----BEGIN EC PRIVATE KEY-----"},
      {KeyPairType::Ecdsa, 256, "ecdsa-sha2-nistp256", "-----BEGIN EC PRIVATE KEY-----"},
      {KeyPairType::Ed25519, 0, "ssh-ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----"},
      {KeyPairType::Dsa, 0, "ssh-dss", "-----BEGIN DSA PRIVATE KEY-----"},
  };
  const auto directory = io::TempDirectory::create("/tmp", "farm-keys-");
  ASSERT_TRUE(directory);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.public_type);
    const auto pair = generate_key_pair(c.type, c.bits, "packer_key");
    ASSERT_TRUE(pair) << pair.error().message;
    EXPECT_TRUE(pair->private_key.reveal().starts_with(c.header));
    EXPECT_TRUE(pair->authorized_keys.starts_with(std::string(c.public_type) + " "));
    EXPECT_TRUE(pair->authorized_keys.ends_with(" packer_key\n"));

    const std::string path = directory->path() + "/" + c.public_type;
    ASSERT_TRUE(io::write_file(path, pair->private_key.reveal(), 0600));
    io::RunOptions command;
    command.spawn.argv = {"ssh-keygen", "-y", "-f", path};
    const auto read = io::run_program_checked(command, CancelToken());
    ASSERT_TRUE(read) << read.error().message;
    const std::string line = read->standard_output.substr(0, read->standard_output.size() - 1);
    EXPECT_TRUE(pair->authorized_keys.starts_with(line.substr(0, line.rfind(" packer_key"))));

    const auto parsed = PrivateKey::parse(pair->private_key.reveal());
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->type_name(), c.public_type);
    EXPECT_TRUE(parsed->sign(parsed->type_name(), "data"));
  }
}

TEST(KeyPair, RefusesSizesThatDoNotExist) {
  EXPECT_EQ(generate_key_pair(KeyPairType::Rsa, 512, "").error().code, ErrorCode::InvalidInput);
  EXPECT_EQ(generate_key_pair(KeyPairType::Ecdsa, 300, "").error().code, ErrorCode::InvalidInput);
  EXPECT_EQ(generate_key_pair(KeyPairType::Dsa, 2048, "").error().code, ErrorCode::InvalidInput);
}

TEST(PrivateKey, SaysWhyAFileIsNoKey) {
  const auto directory = io::TempDirectory::create("/tmp", "farm-keys-");
  ASSERT_TRUE(directory);
  for (const char* format : {"PEM", "RFC4716"}) {
    const std::string path = directory->path() + "/locked" + format;
    io::RunOptions command;
    command.spawn.argv = {"ssh-keygen", "-q",   "-t", "rsa",    "-b", "2048",
                          "-m",         format, "-N", "secret", "-f", path};
    ASSERT_TRUE(io::run_program_checked(command, CancelToken()));
    const auto text = io::read_file(path);
    ASSERT_TRUE(text);
    const auto key = PrivateKey::parse(*text);
    ASSERT_FALSE(key);
    EXPECT_NE(key.error().message.find("locked with a passphrase"), std::string::npos)
        << key.error().message;
  }
  EXPECT_EQ(PrivateKey::parse("hello").error().message, "no private key in PEM or OpenSSH format");
  EXPECT_EQ(PrivateKey::parse("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
                              "-----END OPENSSH PRIVATE KEY-----\n")
                .error()
                .message,
            "the key is damaged");
}

TEST(SignatureAlgorithms, FollowTheServersAge) {
  using List = std::vector<std::string>;
  const struct {
    const char* type;
    const char* banner;
    List expected;
  } cases[] = {
      {"ssh-rsa", "SSH-2.0-OpenSSH_9.2p1 Debian-2", {"rsa-sha2-512"}},
      {"ssh-rsa", "SSH-2.0-OpenSSH_7.2", {"rsa-sha2-512"}},
      {"ssh-rsa", "SSH-2.0-OpenSSH_5.3", {"ssh-rsa"}},
      {"ssh-rsa", "SSH-2.0-dropbear_2022.83", {"rsa-sha2-256", "ssh-rsa"}},
      {"ssh-rsa", "SSH-2.0-other", {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"}},
      {"ssh-ed25519", "SSH-2.0-other", {"ssh-ed25519"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.banner);
    EXPECT_EQ(signature_algorithms(c.type, c.banner), c.expected);
  }
}

TEST(Certificate, RefusesWhatIsNone) {
  for (const char* line : {"", "ssh-ed25519", "ssh-ed25519 AAAA x",
                           "ssh-ed25519-cert-v01@openssh.com AAAAC3NzaC1lZDI1NTE5 x"}) {
    EXPECT_FALSE(Certificate::parse(line)) << line;
  }
}

}  // namespace
}  // namespace farm::builders::ssh
