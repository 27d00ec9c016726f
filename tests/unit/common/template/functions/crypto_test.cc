#include "call.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Value;

// A throw-away 512-bit key and "hello" encrypted with it.
constexpr const char* kKey =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIBOgIBAAJBALujs1+l2cXQemqQ/+k8Px0xJVd1QD8jnrfnzG+t+F+EXRzbwdf+\n"
    "IcJrwkeLAjIwHrCKW7mdoSO7qUYAINVw9z0CAwEAAQJAN+EXYQumH/fnDOdjntTX\n"
    "Qt1I7pO3b1YvRTtdsYCQr/jbiwcW4U2zhSIemGVavA47PVyFFZIzcupno8q71IMr\n"
    "LQIhAOUNlxXtk1mc2cdQvtIr7KWaci/7Jp/5JRiMjabmuUvHAiEA0bbaWSTKz9/s\n"
    "xzYtsinm+5cj7kcSgOwTVn8ZUD6BvNsCIQCHzW7uiVT7pItaKP16DqDX7qIU4Isd\n"
    "/dGIpIy3j8P8sQIgcIDdxjDctIP2bDB+dzPPfGzqk6uBG7SJ8z8f/1JpGz0CIDP9\n"
    "91FGe1MnKncWw9mLUl/QO5GipjisAmOUBRargb2H\n"
    "-----END RSA PRIVATE KEY-----\n";
constexpr const char* kHello =
    "TNwJzy7TWetiwwhxhWy0bSE/I9gkKrfVvV1F29QxzkKyhQ13hLdzXlyqrhAn0KGe6HWtqhOVxP0mo/TB2WQrcw==";

TEST(CryptoFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"md5", R"(["a"])", R"("0cc175b9c0f1b6a831c399e269772661")"},
      {"md5", R"([""])", R"("d41d8cd98f00b204e9800998ecf8427e")"},
      {"md5", "[null]", "error in str: argument must not be null"},
      {"sha1", R"(["a"])", R"("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")"},
      {"sha1", R"([""])", R"("da39a3ee5e6b4b0d3255bfef95601890afd80709")"},
      {"sha1", "[null]", "error in str: argument must not be null"},
      {"sha256", R"(["a"])",
       R"("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")"},
      {"sha256", R"([""])",
       R"("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")"},
      {"sha256", "[null]", "error in str: argument must not be null"},
      {"sha512", R"(["a"])",
       R"("1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f53)"
       R"(02860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75")"},
      {"sha512", "[1]",
       R"("4dff4ea340f0a823f15d3f4f01ab62eae0e5da579ccb851f8db9dfe84c58b2b3)"
       R"(7b89903a740e1ee172da793a6e79d560e5f7f9bd058a12a280433ed6fa46510a")"},
      {"sha512", "[null]", "error in str: argument must not be null"},
      {"uuidv5", R"(["dns","example.com"])", R"("cfbff0d1-9375-5685-968c-48ce8b15ae17")"},
      {"uuidv5", R"(["6ba7b810-9dad-11d1-80b4-00c04fd430c8","x"])",
       R"("05b16a01-46c6-56dd-bd6e-c6dfb4a1427a")"},
      {"uuidv5", R"(["{6BA7B810-9dad-11d1-80b4-00c04fd430c8}","x"])",
       R"("05b16a01-46c6-56dd-bd6e-c6dfb4a1427a")"},
      {"uuidv5", R"(["bad","x"])",
       "error: uuidv5() doesn't support namespace bad (invalid UUID length: 3)"},
      {"uuidv5", R"(["6ba7b810-9dad-11d1-80b4-00c04fd430cx","x"])",
       "error: uuidv5() doesn't support namespace 6ba7b810-9dad-11d1-80b4-00c04fd430cx (invalid "
       "UUID format)"},
  });
}

TEST(Bcrypt, HashesWithTheCostAsked) {
  Call call;
  EXPECT_EQ(call.text("bcrypt", R"(["a",4])").substr(0, 8), "\"$2a$04$");
  EXPECT_EQ(call.text("bcrypt", R"(["a",4])").size(), 62U);
  EXPECT_NE(call.text("bcrypt", R"(["a",4])"), call.text("bcrypt", R"(["a",4])"));
  expect_calls({
      {"bcrypt", R"(["a",40])",
       "error: error occured generating password crypto/bcrypt: cost 40 is outside allowed range "
       "(4,31)"},
      {"bcrypt", R"(["a",5,6])", "error: bcrypt() takes no more than two arguments"},
      {"bcrypt", "[\"" + std::string(73, 'x') + "\"]",
       "error: error occured generating password bcrypt: password length exceeds 72 bytes"},
      {"bcrypt", R"(["a\u0000",4])",
       "error: error occured generating password bcrypt: the password has a NUL character"},
  });
}

TEST(RsaDecrypt, NeedsItsKey) {
  Call call;
  const auto decrypt = [&call](const std::string& text, const std::string& key) {
    return outcome_text("rsadecrypt",
                        call.outcome("rsadecrypt", {Value::string(text), Value::string(key)}));
  };
  EXPECT_EQ(decrypt(kHello, kKey), "\"hello\"");
  EXPECT_EQ(decrypt("x", kKey),
            "error: failed to decode input \"x\": cipher text must be base64-encoded");
  EXPECT_EQ(decrypt("eA==", "y"), "error: failed to parse key: no key found");
  EXPECT_EQ(decrypt("eA==", kKey), "error: failed to decrypt: crypto/rsa: decryption error");
  EXPECT_EQ(decrypt("eA==", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"),
            "error: failed to parse key: it is no private key without a passphrase");
}

TEST(UuidV4, IsRandom) {
  Call call;
  const std::string one = call.text("uuidv4", "[]");
  EXPECT_EQ(one.size(), 38U);
  EXPECT_EQ(one[15], '4');
  EXPECT_NE(one, call.text("uuidv4", "[]"));
  EXPECT_EQ(call.text("uuidv4", "[1]"), "error: wrong number of arguments");
}

}  // namespace
}  // namespace farm::functions
