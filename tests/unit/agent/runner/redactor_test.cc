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
      {"a short line of many says nothing", "{\n  \"key\": \"topsecret\"\n}", "if x {\n} end",
       "if x {\n} end"},
      {"a line without its margin", "a:\n    password: x7\n", "got password: x7!",
       "got <sensitive>!"},
      {"three letters in a word", "yes", "yesterday yes, eyes", "yesterday <sensitive>, eyes"},
      {"quote of sh", "it's so", "echo 'it'\"'\"'s so'", "echo '<sensitive>'"},
      {"other quote of sh", "it's so", "echo 'it'\\''s so'", "echo '<sensitive>'"},
      {"backslashes of printf %q", "a b$c", "x=a\\ b\\$c", "x=<sensitive>"},
      {"inside double quotes", "a\"b$c", "x=\"a\\\"b\\$c\"", "x=\"<sensitive>\""},
      {"back-ticks", "p$w\"d", "$env:P=\"p`$w`\"d\"", "$env:P=\"<sensitive>\""},
      {"XML", "a<b&c", "<S>a&lt;b&amp;c</S>", "<S><sensitive></S>"},
      {"percent in small letters", "a/b+c", "x=a%2fb%2bc", "x=<sensitive>"},
      {"a form", "a b/c", "x=a+b%2Fc", "x=<sensitive>"},
      {"one line of many", "first\r\nsecond line", "has second line.", "has <sensitive>."},
      {"base64", "swordfish", "c3dvcmRmaXNo", "<sensitive>"},
      {"base64 behind one byte", "swordfish", "OnN3b3JkZmlzaA==", "On<sensitive>A=="},
      {"percent", "a b/c+d", "x=a%20b%2Fc%2Bd&", "x=<sensitive>&"},
      {"json", "say \"hi\"", "{\"k\":\"say \\\"hi\\\"\"}", "{\"k\":\"<sensitive>\"}"},
      {"json in ASCII", "p\u00e9\U0001f600x", "\"p\\u00e9\\ud83d\\ude00x\"", "\"<sensitive>\""},
      {"json for HTML", "a<b>&c", "\"a\\u003cb\\u003e\\u0026c\"", "\"<sensitive>\""},
      {"json in json", "say \"h\u00e9\"", "\"{\\\"k\\\": \\\"say \\\\\\\"h\\\\u00e9\\\\\\\"\\\"}\"",
       "\"{\\\"k\\\": \\\"<sensitive>\\\"}\""},
      {"json of lines", "one 1234\ntwo 1234", "{\"k\": \"one 1234\\ntwo 1234\"}",
       "{\"k\": \"<sensitive>\"}"},
      {"not UTF-8", "ab\xff\xc3z", "ab\xff\xc3z", "<sensitive>"},
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

TEST(Redactor, FindsTheLinesOfWrappedBase64) {
  const std::string secret =
      "-----BEGIN KEY-----\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3+LQmlQ\n"
      "Yx2eqzDV+xeG8kx/sQFV18S5JhzGeIJNA72wSeukEPojtqUyX2J0CciPBh7eqclQ\n-----END KEY-----\n";
  // `base64` and `openssl base64` of it.
  const char* lines[] = {
      "LS0tLS1CRUdJTiBLRVktLS0tLQpNSUlCVkFJQkFEQU5CZ2txaGtpRzl3MEJBUUVGQUFTQ0FUNHdn",
      "Z0U2QWdFQUFrRUFxN0JGVXBrR3AzK0xRbWxRCll4MmVxekRWK3hlRzhreC9zUUZWMThTNUpoekdl",
      "LS0tLS1CRUdJTiBLRVktLS0tLQpNSUlCVkFJQkFEQU5CZ2txaGtpRzl3MEJBUUVG"};
  const Redactor redactor({secret});
  for (const char* line : lines) EXPECT_EQ(redactor.redact(line), "<sensitive>") << line;
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
