// CoordinatorServerTest: a whole coordinator over real sockets on ports of the kernel's choice, and
// clients that speak its messages; shared by the tests of what it does and of what it must refuse.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <thread>

#include "common/base/log.h"
#include "common/io/digests.h"
#include "common/io/files.h"
#include "common/net/zmq/socket.h"
#include "common/plan/plan.h"
#include "common/wire/codec.h"
#include "common/wire/join_token.h"
#include "coordinator/reactor/zmq_server.h"
#include "coordinator/store/chunk_store.h"

namespace farm::coordinator {

inline constexpr Duration kPatience = std::chrono::seconds(20);

inline std::string reachable(const std::string& endpoint) {
  return "tcp://127.0.0.1" + endpoint.substr(endpoint.rfind(':'));
}

class Client {
 public:
  Client(net::ZmqContext& context, const std::string& endpoint, const std::string& server_key,
         const net::CurveKeys& keys)
      : dealer_(*net::Dealer::connect(context, reachable(endpoint), server_key, keys)) {}
  void say(const wire::Message& message) { say_frame(wire::encode(message)); }
  void say_frame(const std::string& frame) { ASSERT_TRUE(dealer_.send(frame)); }
  /// The next message of type M, or the refusal that came instead of it.
  template <class M>
  Result<M> ask(const wire::Message& message) {
    say(message);
    const Instant until = clock_.now() + kPatience;
    while (clock_.now() < until) {
      net::poll_readable({&dealer_}, {}, std::chrono::milliseconds(50));
      while (std::optional<net::Received> received = dealer_.receive()) {
        Result<wire::Message> answer = wire::decode(received->frame);
        if (!answer) return std::move(answer).error();
        if (M* wanted = std::get_if<M>(&*answer)) return std::move(*wanted);
        if (auto* error = std::get_if<wire::ProtocolError>(&*answer)) return error->error;
      }
    }
    return timed_out("no answer in time");
  }
  net::Dealer& dealer() { return dealer_; }
  /// The next message of type M; others are dropped. Fails the test when none comes in time.
  template <class M>
  std::optional<M> expect() {
    const Instant until = clock_.now() + kPatience;
    while (clock_.now() < until) {
      net::poll_readable({&dealer_}, {}, std::chrono::milliseconds(50));
      while (std::optional<net::Received> received = dealer_.receive()) {
        Result<wire::Message> message = wire::decode(received->frame);
        EXPECT_TRUE(message);
        if (!message) continue;
        if (M* wanted = std::get_if<M>(&*message)) return std::move(*wanted);
        if (const auto* error = std::get_if<wire::ProtocolError>(&*message)) {
          ADD_FAILURE() << error->error.message;
        }
      }
    }
    ADD_FAILURE() << "no answer in time";
    return std::nullopt;
  }

 private:
  net::Dealer dealer_;
  SystemClock clock_;
};

class CoordinatorServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    log::configure(log::Level::Error, log::Format::Logfmt);
    start();
  }
  void TearDown() override { stop(); }
  void start() {
    ServerConfig config;
    config.data = directory_.path() + "/data";
    config.control = config.bulk = config.enroll = "tcp://127.0.0.1:*";
    config.https = "off";
    config.version = "test";
    configure(config);
    Result<std::unique_ptr<ZmqServer>> server = ZmqServer::start(config);
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    thread_ = std::thread([this] { server_->run(); });
  }
  /// What a test's coordinator has besides.
  virtual void configure(ServerConfig&) {}
  void stop() {
    if (!server_) return;
    server_->stop();
    thread_.join();
    server_.reset();
  }
  net::CurveKeys enroll(const std::string& token, const std::string& role,
                        const std::string& name) {
    const net::CurveKeys keys = *net::generate_curve_keys();
    Client client(context_, server_->enroll_endpoint(), server_->public_key(), keys);
    client.say(wire::Enroll{token, keys.public_key, name, role, {}});
    const auto reply = client.expect<wire::EnrollReply>();
    EXPECT_TRUE(reply && !reply->error);
    return keys;
  }
  Client control(const net::CurveKeys& keys) {
    return Client(context_, server_->control_endpoint(), server_->public_key(), keys);
  }
  Client bulk(const net::CurveKeys& keys) {
    return Client(context_, server_->bulk_endpoint(), server_->public_key(), keys);
  }
  std::string first_token() {
    std::string token = *io::read_file(directory_.path() + "/data/admin.token");
    token.pop_back();
    return wire::parse_join_token(token)->secret;
  }
  std::string new_token(Client& admin, const std::string& role) {
    admin.say(wire::Command{RequestId::random(random_), "token-create", {{"role", role}}});
    const auto reply = admin.expect<wire::QueryReply>();
    if (!reply) return {};
    const std::string marker = "\"token\":\"";
    const size_t at = reply->json.find(marker) + marker.size();
    const std::string token = reply->json.substr(at, reply->json.find('"', at) - at);
    return wire::parse_join_token(token).value_or({}).secret;
  }

  io::TempDirectory directory_ = *io::TempDirectory::create("/tmp", "farm-server-");
  SystemRandom random_;
  net::ZmqContext context_;
  std::unique_ptr<ZmqServer> server_;
  std::thread thread_;
};

}  // namespace farm::coordinator
