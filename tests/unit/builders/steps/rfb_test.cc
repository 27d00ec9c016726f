#include "builders/steps/rfb.h"

#include <gtest/gtest.h>

namespace farm::builders::steps {
namespace {

using namespace std::string_literals;

const std::string kServerInit =
    "\x02\x80\x01\xe0"s + std::string(16, '\0') + "\0\0\0\x04"s + "QEMU";

TEST(RfbHandshake, Version38WithoutPasswordBytewise) {
  RfbHandshake handshake{Secret()};
  const std::string server = "RFB 003.008\n"s + "\x01\x01" + "\0\0\0\0"s + kServerInit;
  std::string sent;
  for (const char c : server) {
    const auto answer = handshake.receive({&c, 1});
    ASSERT_TRUE(answer) << answer.error().message;
    sent += *answer;
  }
  EXPECT_TRUE(handshake.done());
  EXPECT_EQ(handshake.desktop_name(), "QEMU");
  EXPECT_EQ(sent, "RFB 003.008\n\x01\x01");
}

TEST(RfbHandshake, PasswordIsPreferredWhenGiven) {
  RfbHandshake handshake(Secret("secret"));
  ASSERT_TRUE(handshake.receive("RFB 003.008\n"));
  EXPECT_EQ(handshake.receive("\x02\x01\x02"s).value_or("?"), "\x02");
  const std::string challenge = "0123456789abcdef";
  EXPECT_EQ(handshake.receive(challenge).value_or("?"),
            vnc_challenge_answer("secret", challenge));
  const auto refused = handshake.receive("\0\0\0\x01\0\0\0\x05wrong"s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the VNC server refused: wrong");
}

TEST(RfbHandshake, OlderVersions) {
  RfbHandshake old33{Secret()};
  EXPECT_EQ(old33.receive("RFB 003.003\n\0\0\0\x01"s + kServerInit).value_or("?"),
            "RFB 003.003\n\x01");
  EXPECT_TRUE(old33.done());
  RfbHandshake old37{Secret()};
  EXPECT_EQ(old37.receive("RFB 003.007\n\x01\x01"s + kServerInit).value_or("?"),
            "RFB 003.007\n\x01\x01");
  EXPECT_TRUE(old37.done());
}

TEST(RfbHandshake, HostileServers) {
  struct Case {
    const char* name;
    std::string bytes;
    const char* message;
  };
  const Case cases[] = {
      {"ssh", "SSH-2.0-OpenSSH", "the peer is no VNC server"},
      {"letters for digits", "RFB 00x.008\n", "the VNC server sent a malformed version"},
      {"version 2", "RFB 002.000\n", "VNC protocol 2.0 is too old"},
      {"wants a password", "RFB 003.008\n\x01\x02"s, "the VNC server wants a password"},
      {"unknown types", "RFB 003.008\n\x01\x13"s,
       "the VNC server offers no authentication known here"},
      {"refusal with reason", "RFB 003.008\n\0\0\0\0\x04" "busy"s, "the VNC server refused: busy"},
      {"overlong reason", "RFB 003.008\n\0\xff\xff\xff\xff"s,
       "the VNC server sent an overlong reason"},
      {"overlong name",
       "RFB 003.003\n\0\0\0\x01"s + std::string(20, '\0') + "\x7f\xff\xff\xff"s,
       "the VNC server sent an overlong name"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RfbHandshake handshake{Secret()};
    const auto answer = handshake.receive(c.bytes);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message, c.message);
  }
}

TEST(VncChallenge, IsDesUnderTheMirroredKey) {
  // FIPS 46's well-known pair: key 133457799BBCDFF1 turns 0123456789ABCDEF into 85E813540F0AB405.
  // Mirrored bit by bit, that key is the password below.
  const std::string password = "\xc8\x2c\xea\x9e\xd9\x3d\xfb\x8f"s;
  const std::string block = "\x01\x23\x45\x67\x89\xab\xcd\xef"s;
  const std::string answer = "\x85\xe8\x13\x54\x0f\x0a\xb4\x05"s;
  EXPECT_EQ(vnc_challenge_answer(password, block + block), answer + answer);
  EXPECT_EQ(vnc_challenge_answer(password + "ignored", block + block), answer + answer);
}

}  // namespace
}  // namespace farm::builders::steps
