#include "common/wire/join_token.h"

#include <gtest/gtest.h>

namespace farm::wire {
namespace {

TEST(JoinToken, RoundTripsAsOneWord) {
  const JoinToken token{"tcp://127.0.0.1:7440", "tcp://127.0.0.1:7441", "tcp://127.0.0.1:7442",
                        std::string(40, '%'), "abc.def"};
  const std::string text = format_join_token(token);
  EXPECT_EQ(text.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  const Result<JoinToken> back = parse_join_token(text);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->control, token.control);
  EXPECT_EQ(back->server_key, token.server_key);
  EXPECT_EQ(back->secret, token.secret);
}

TEST(JoinToken, RefusesEverythingElse) {
  for (const char* text : {"", "farm1-", "farm1-!!", "farm1-QUJD", "hello"}) {
    SCOPED_TRACE(text);
    const Result<JoinToken> back = parse_join_token(text);
    ASSERT_FALSE(back.has_value());
    EXPECT_EQ(back.error().message,
              "this is no join token; make one with: farmctl token create");
  }
}

}  // namespace
}  // namespace farm::wire
