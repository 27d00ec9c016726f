#include "agent/spool/control_channel.h"

#include <gtest/gtest.h>
#include <thread>

namespace farm::agent {
namespace {

TEST(ControlChannel, AsksAndAnswers) {
  auto ends = ControlChannel::pair();
  ASSERT_TRUE(ends.has_value());
  auto& [supervisor, runner] = *ends;
  ASSERT_TRUE(runner.send({ControlMessage::Kind::Wake, {}}).has_value());
  // The answer lies there before the question is read: order does not matter on a socket pair.
  ASSERT_TRUE(supervisor.send({ControlMessage::Kind::Answer, "r"}).has_value());
  const Result<std::string> answer = runner.ask("what now?", CancelToken());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(*answer, "r");
  EXPECT_EQ((*supervisor.receive())->kind, ControlMessage::Kind::Wake);
  const Result<std::optional<ControlMessage>> prompt = supervisor.receive();
  ASSERT_TRUE(prompt.has_value() && prompt->has_value());
  EXPECT_EQ((*prompt)->kind, ControlMessage::Kind::Prompt);
  EXPECT_EQ((*prompt)->text, "what now?");
  EXPECT_FALSE(supervisor.receive()->has_value());
}

TEST(ControlChannel, DropsWakesWhenNobodyReads) {
  auto ends = ControlChannel::pair();
  ASSERT_TRUE(ends.has_value());
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(ends->second.send({ControlMessage::Kind::Wake, {}}).has_value());
  }
}

TEST(ControlChannel, AskEndsWithCancellationAndWithTheOtherEnd) {
  auto ends = ControlChannel::pair();
  ASSERT_TRUE(ends.has_value());
  const CancelToken cancel;
  cancel.cancel();
  EXPECT_EQ(ends->second.ask("?", cancel).error().code, ErrorCode::Cancelled);
  ends->first.close();
  EXPECT_FALSE(ends->second.ask("?", CancelToken()).has_value());
}

}  // namespace
}  // namespace farm::agent
