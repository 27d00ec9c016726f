// A whole coordinator over real sockets on ports of the kernel's choice: enrolment, a bundle upload,
// a submission, an agent that runs it and streams its log, and a follower.
#include "tests/integration/server_fixture.h"

namespace farm::coordinator {
namespace {

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
