// A whole coordinator over real sockets on ports of the kernel's choice: enrolment, a bundle upload,
// a submission, an agent that runs it and streams its log, and a follower.
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
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

std::string reachable(const std::string& endpoint) {
  return "tcp://127.0.0.1" + endpoint.substr(endpoint.rfind(':'));
}

class Client {
 public:
  Client(net::ZmqContext& context, const std::string& endpoint, const std::string& server_key,
         const net::CurveKeys& keys)
      : dealer_(*net::Dealer::connect(context, reachable(endpoint), server_key, keys)) {}
  void say(const wire::Message& message) {
    ASSERT_TRUE(dealer_.send(wire::encode(message)));
  }
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
    config.version = "test";
    Result<std::unique_ptr<ZmqServer>> server = ZmqServer::start(config);
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    thread_ = std::thread([this] { server_->run(); });
  }
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

TEST_F(CoordinatorServerTest, RunsABuildFromEnrolmentToArtifactAndKeepsItOverARestart) {
  const net::CurveKeys admin_keys = enroll(first_token(), "client", "root");
  Client admin = control(admin_keys);
  const net::CurveKeys agent_keys = enroll(new_token(admin, "agent"), "agent", "a1");
  Client admin_bulk = bulk(admin_keys);

  // The bundle's file goes up first.
  const std::string content(3'000'000, 'x');
  const std::string sha256 = io::digest_hex(io::DigestKind::Sha256, content);
  std::vector<std::string> digests;
  for (size_t at = 0; at < content.size(); at += kChunkSize) {
    digests.push_back(chunk_digest(content.substr(at, kChunkSize)));
  }
  const RequestId upload = RequestId::random(random_);
  admin_bulk.say(wire::UploadBegin{upload, {}, "t", content.size(), kChunkSize, sha256, digests});
  const auto need = admin_bulk.expect<wire::UploadNeed>();
  ASSERT_TRUE(need);
  EXPECT_EQ(need->missing.size(), 2U);  // the first two chunks are equal
  for (const uint32_t index : need->missing) {
    admin_bulk.say(wire::UploadChunk{upload, index, digests[index],
                                     content.substr(index * kChunkSize, kChunkSize)});
  }
  admin_bulk.say(wire::UploadEnd{upload, sha256, digests});
  const auto done = admin_bulk.expect<wire::UploadDone>();
  ASSERT_TRUE(done && done->ok);

  wire::Submit submit;
  submit.request = RequestId::random(random_);
  submit.template_name = "t.pkr.hcl";
  plan::JobSpec spec;
  spec.builder.type = "null";
  submit.jobs = {{"null.x", plan::encode_job(spec), {}}};
  submit.bundle = {{"t.pkr.hcl", sha256, content.size(), 0644, ""}};
  admin.say(submit);
  const auto ack = admin.expect<wire::SubmitAck>();
  ASSERT_TRUE(ack && !ack->error);

  Client agent = control(agent_keys);
  Client agent_bulk = bulk(agent_keys);
  wire::Hello hello;
  hello.name = "a1";
  hello.boot_id = "boot";
  hello.builders = {"null"};
  agent.say(hello);
  const auto offer = agent.expect<wire::Offer>();
  ASSERT_TRUE(offer);
  agent.say(wire::Accept{offer->ref});

  const RequestId fetch = RequestId::random(random_);
  agent_bulk.say(wire::FetchBegin{fetch, sha256, 0, content.size()});
  std::string fetched;
  while (fetched.size() < content.size()) {
    const auto data = agent_bulk.expect<wire::FetchData>();
    ASSERT_TRUE(data);
    fetched += data->bytes;
  }
  EXPECT_TRUE(fetched == content);

  wire::Subscribe subscribe;
  subscribe.request = RequestId::random(random_);
  subscribe.build = ack->build;
  subscribe.logs = true;
  admin_bulk.say(subscribe);
  agent_bulk.say(wire::LogData{offer->ref, 0, "a line of the log"});
  const auto log_ack = agent_bulk.expect<wire::LogAck>();
  ASSERT_TRUE(log_ack);
  EXPECT_EQ(log_ack->offset, 17U);
  const auto chunk = admin_bulk.expect<wire::LogChunk>();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->bytes, "a line of the log");

  wire::JobResult result;
  result.ref = offer->ref;
  result.outcome = wire::Outcome::Succeeded;
  result.artifacts = {{"b", "id", "text", {{"disk", content.size(), sha256, true}}}};
  agent.say(result);
  ASSERT_TRUE(agent.expect<wire::ResultAck>());
  for (auto event = admin_bulk.expect<wire::BuildEvent>(); event;
       event = admin_bulk.expect<wire::BuildEvent>()) {
    if (event->last) {
      EXPECT_EQ(event->state, "succeeded");
      break;
    }
  }

  stop();
  start();
  Client again = control(admin_keys);
  again.say(wire::Query{RequestId::random(random_), "build", {{"build", ack->build.str()}}});
  const auto reply = again.expect<wire::QueryReply>();
  ASSERT_TRUE(reply);
  EXPECT_NE(reply->json.find("\"state\":\"succeeded\""), std::string::npos) << reply->json;
}

TEST_F(CoordinatorServerTest, AnUnknownKeyIsNotHeard) {
  const net::CurveKeys keys = *net::generate_curve_keys();
  Result<net::Dealer> dealer = net::Dealer::connect(
      context_, reachable(server_->control_endpoint()), server_->public_key(), keys);
  ASSERT_TRUE(dealer);
  ASSERT_TRUE(dealer->send(wire::encode(wire::Query{RequestId::random(random_), "builds", {}})));
  const SystemClock clock;
  const Instant until = clock.now() + kPatience;
  bool refused = false;
  while (!refused && clock.now() < until) {
    net::poll_readable({&*dealer}, {}, std::chrono::milliseconds(20));
    EXPECT_FALSE(dealer->receive());
    for (const net::Dealer::Link link : dealer->link_events()) {
      refused = refused || link == net::Dealer::Link::Refused ||
                link == net::Dealer::Link::Disconnected;
    }
  }
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace farm::coordinator
