#include "agent/runner/redactor.h"

#include <gtest/gtest.h>

namespace farm::agent {
namespace {

TEST(Redactor, FindsEveryForm) {
  struct Case {
    const char* name;
    std::string secret;
    std::string text;
    std::string expected;
  };
  const Case cases[] = {
      {"plain", "hunter2", "pw=hunter2;hunter2", "pw=<sensitive>;<sensitive>"},
      {"one line of many", "first\r\nsecond line", "has second line.", "has <sensitive>."},
      {"base64", "swordfish", "c3dvcmRmaXNo", "<sensitive>"},
      {"base64 behind one byte", "swordfish", "OnN3b3JkZmlzaA==", "On<sensitive>A=="},
      {"percent", "a b/c+d", "x=a%20b%2Fc%2Bd&", "x=<sensitive>&"},
      {"json", "say \"hi\"", "{\"k\":\"say \\\"hi\\\"\"}", "{\"k\":\"<sensitive>\"}"},
      {"longest first", "abcd", "abcdef", "<sensitive>ef"},
      {"very short stays", "1", "step 1 of 10", "step 1 of 10"},
      {"very short alone", "no", "no", "<sensitive>"},
      {"empty secret", "", "text", "text"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Redactor({c.secret}).redact(c.text), c.expected);
  }
}

TEST(Redactor, PrefersTheLongestOfSeveral) {
  const Redactor redactor({"pass", "password1"});
  EXPECT_EQ(redactor.redact("password1 pass"), "<sensitive> <sensitive>");
}

TEST(Redactor, WithoutSecretsNothingChanges) {
  EXPECT_TRUE(Redactor({}).empty());
  EXPECT_EQ(Redactor({}).redact("as is"), "as is");
}

}  // namespace
}  // namespace farm::agent
