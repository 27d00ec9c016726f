#include "common/net/zmq/socket.h"

#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "common/net/zmq/zap.h"

namespace farm::net {
namespace {

class Sockets : public ::testing::Test {
 protected:
  void SetUp() override {
    server_keys_ = *generate_curve_keys();
    known_ = *generate_curve_keys();
    zap_ = *ZapServer::start(context_, [this](const std::string& domain, const std::string& key,
                                              const std::string&) -> std::optional<std::string> {
      if (domain == "farm" && key == known_.public_key) return "agent-1";
      return std::nullopt;
    });
    router_.emplace(*Router::bind(context_, "tcp://127.0.0.1:*", server_keys_.secret_key, "farm"));
  }

  std::optional<Received> wait_for(auto& socket, Duration limit) {
    const SystemClock clock;
    const Instant deadline = clock.now() + limit;
    while (clock.now() < deadline) {
      poll_readable({&socket}, {}, std::chrono::milliseconds(20));
      if (std::optional<Received> got = socket.receive()) return got;
    }
    return std::nullopt;
  }

  ZmqContext context_;
  CurveKeys server_keys_;
  CurveKeys known_;
  std::unique_ptr<ZapServer> zap_;
  std::optional<Router> router_;
};

TEST_F(Sockets, KnownKeyArrivesWithItsUserIdAndGetsTheAnswer) {
  Dealer dealer =
      *Dealer::connect(context_, router_->endpoint(), server_keys_.public_key, known_);
  ASSERT_TRUE(dealer.send("ping").has_value());
  const std::optional<Received> got = wait_for(*router_, std::chrono::seconds(5));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->frame, "ping");
  EXPECT_EQ(got->user_id, "agent-1");
  ASSERT_TRUE(router_->send(got->routing_id, "pong").has_value());
  const std::optional<Received> answer = wait_for(dealer, std::chrono::seconds(5));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->frame, "pong");
}

TEST_F(Sockets, UnknownKeyAndWrongServerKeyAreRefused) {
  const CurveKeys stranger = *generate_curve_keys();
  Dealer unknown =
      *Dealer::connect(context_, router_->endpoint(), server_keys_.public_key, stranger);
  Dealer misled = *Dealer::connect(context_, router_->endpoint(), stranger.public_key, known_);
  ASSERT_TRUE(unknown.send("a").has_value());
  ASSERT_TRUE(misled.send("b").has_value());
  EXPECT_FALSE(wait_for(*router_, std::chrono::milliseconds(600)).has_value());
  bool refused = false;
  for (const Dealer::Link link : unknown.link_events()) refused |= link == Dealer::Link::Refused;
  EXPECT_TRUE(refused);
}

TEST_F(Sockets, SendingToAStrangerIsAnError) {
  Result<void> sent = router_->send("nobody", "x");
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code, ErrorCode::Unavailable);
}

TEST(Router, AddressInUseSaysSo) {
  ZmqContext context;
  const CurveKeys keys = *generate_curve_keys();
  Router first = *Router::bind(context, "tcp://127.0.0.1:*", keys.secret_key, "farm");
  EXPECT_TRUE(first.endpoint().starts_with("tcp://127.0.0.1:")) << first.endpoint();
  Result<Router> second = Router::bind(context, first.endpoint(), keys.secret_key, "farm");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
}

TEST(CurveKeys, FileIsCreatedOnceAndGuarded) {
  const std::string path = ::testing::TempDir() + "farm-keys-" + std::to_string(::getpid());
  const CurveKeys first = *load_or_create_curve_keys(path);
  const CurveKeys second = *load_or_create_curve_keys(path);
  EXPECT_EQ(first.public_key, second.public_key);
  EXPECT_EQ(*curve_public_key(second.secret_key), first.public_key);
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  EXPECT_EQ(load_or_create_curve_keys(path).error().code, ErrorCode::Denied);
  std::filesystem::remove(path);
  std::ofstream(path) << "nonsense";
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_EQ(load_or_create_curve_keys(path).error().code, ErrorCode::Corrupt);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace farm::net
