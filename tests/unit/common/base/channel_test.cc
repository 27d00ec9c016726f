#include "common/base/channel.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <thread>

namespace farm {
namespace {

bool readable(int fd) {
  pollfd waiter{fd, POLLIN, 0};
  return ::poll(&waiter, 1, 0) == 1;
}

TEST(Channel, KeepsOrderAndSignals) {
  Channel<std::string> channel(4);
  EXPECT_FALSE(readable(channel.fd()));
  EXPECT_TRUE(channel.try_send("a"));
  EXPECT_TRUE(channel.try_send("b"));
  EXPECT_TRUE(readable(channel.fd()));
  EXPECT_EQ(channel.receive(), "a");
  EXPECT_TRUE(readable(channel.fd()));
  EXPECT_EQ(channel.receive(), "b");
  EXPECT_FALSE(readable(channel.fd()));
  EXPECT_FALSE(channel.receive().has_value());
}

TEST(Channel, IsBounded) {
  Channel<int> channel(1);
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_FALSE(channel.try_send(2));
}

TEST(Channel, CloseWakesTheReceiverAndDropsLaterMessages) {
  Channel<int> channel(1);
  std::thread closer([&] { channel.close(); });
  EXPECT_FALSE(channel.wait().has_value());
  closer.join();
  EXPECT_FALSE(channel.send(3));
}

TEST(Channel, PassesEverythingBetweenThreads) {
  Channel<int> channel(8);
  std::thread sender([&] {
    for (int i = 0; i < 10'000; ++i) channel.send(i);
    channel.close();
  });
  int expected = 0;
  while (const std::optional<int> got = channel.wait()) EXPECT_EQ(*got, expected++);
  sender.join();
  EXPECT_EQ(expected, 10'000);
}

}  // namespace
}  // namespace farm
