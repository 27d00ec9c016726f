#include "tests/bench/farm_cycles/farm_under_test.h"

#include "common/base/log.h"
#include "common/wire/join_token.h"

namespace farm::bench {
namespace {

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

Result<std::string> token_in(const std::string& json) {
  const std::string marker = "\"token\":\"";
  const size_t found = json.find(marker);
  if (found == std::string::npos) return internal("no token in " + json);
  const size_t at = found + marker.size();
  const wire::JoinToken token =
      TRY(wire::parse_join_token(json.substr(at, json.find('"', at) - at)));
  return token.secret;
}

}  // namespace

Result<std::unique_ptr<FarmUnderTest>> FarmUnderTest::start(const std::string& parent) {
  io::TempDirectory directory = TRY(io::TempDirectory::create(parent, "farm-figures-"));
  log::configure(log::Level::Info, log::Format::Logfmt);
  if (!log::to_file(directory.path() + "/log")) return unavailable("no log file can be written");
  std::unique_ptr<FarmUnderTest> farm(new FarmUnderTest(std::move(directory)));
  coordinator::ServerConfig config;
  config.data = farm->data();
  config.control = config.bulk = config.enroll = kAnyPort;
  config.https = "off";
  config.version = "bench";
  farm->server_ = TRY(coordinator::ZmqServer::start(config));
  farm->thread_ = std::thread([server = farm->server_.get()] { server->run(); });
  std::string first = TRY(io::read_file(farm->data() + "/admin.token"));
  first.pop_back();  // the newline
  const wire::JoinToken token = TRY(wire::parse_join_token(first));
  farm->admin_ = TRY(farm->spend(token.secret, "client", "root"));
  farm->admin_control_ = TRY(farm->control(farm->admin_));
  return farm;
}

void FarmUnderTest::stop() {
  if (!server_) return;
  server_->stop();
  thread_.join();
  server_.reset();
}

Result<net::Dealer> FarmUnderTest::connect(const std::string& endpoint,
                                           const net::CurveKeys& keys) {
  return net::Dealer::connect(context_, endpoint, server_->public_key(), keys);
}

Result<net::Dealer> FarmUnderTest::control(const net::CurveKeys& keys) {
  return connect(server_->control_endpoint(), keys);
}

Result<net::Dealer> FarmUnderTest::bulk(const net::CurveKeys& keys) {
  return connect(server_->bulk_endpoint(), keys);
}

Result<net::CurveKeys> FarmUnderTest::spend(const std::string& secret, const std::string& role,
                                            const std::string& name) {
  net::CurveKeys keys = TRY(net::generate_curve_keys());
  net::Dealer dealer = TRY(connect(server_->enroll_endpoint(), keys));
  TRY(dealer.send(wire::encode(wire::Enroll{secret, keys.public_key, name, role, {}})));
  wire::EnrollReply reply = TRY(expect<wire::EnrollReply>(dealer));
  if (reply.error) return *std::move(reply.error);
  return keys;
}

Result<net::CurveKeys> FarmUnderTest::enroll(const std::string& role, const std::string& name) {
  const wire::Command command{RequestId::random(random_), "token-create", {{"role", role}}};
  TRY(admin_control_->send(wire::encode(command)));
  wire::QueryReply reply = TRY(expect<wire::QueryReply>(*admin_control_));
  if (reply.error) return *std::move(reply.error);
  const std::string secret = TRY(token_in(reply.json));
  return spend(secret, role, name);
}

}  // namespace farm::bench
