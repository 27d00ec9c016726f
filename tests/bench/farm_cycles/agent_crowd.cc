#include "tests/bench/farm_cycles/agent_crowd.h"

#include "common/plan/plan.h"

namespace farm::bench {
namespace {

constexpr Duration kCrowdPoll = std::chrono::milliseconds(20);

}  // namespace

Result<AgentCrowd> AgentCrowd::gather(FarmUnderTest& farm, const CrowdOptions& options) {
  net::Dealer submitter = TRY(farm.control(farm.admin()));
  AgentCrowd crowd(options, std::move(submitter));
  plan::JobSpec spec;
  spec.builder.type = "null";
  crowd.spec_ = plan::encode_job(spec);
  for (size_t i = 0; i < options.agents; ++i) {
    wire::Hello hello;
    hello.name = "agent-" + std::to_string(i);
    hello.boot_id = "boot";
    hello.builders = {"null"};
    const net::CurveKeys keys = TRY(farm.enroll("agent", hello.name));
    net::Dealer agent = TRY(farm.control(keys));
    TRY(agent.send(wire::encode(hello)));
    TRY(expect<wire::Welcome>(agent));
    crowd.agents_.push_back(std::move(agent));
  }
  return crowd;
}

Result<void> AgentCrowd::feed() {
  while (const std::optional<net::Received> received = submitter_.receive()) {
    const wire::Message message = TRY(wire::decode(received->frame));
    if (const auto* refused = std::get_if<wire::ProtocolError>(&message)) return refused->error;
    const auto* ack = std::get_if<wire::SubmitAck>(&message);
    if (ack == nullptr) continue;
    if (ack->error) return *ack->error;
    submitting_ = false;
  }
  if (submitting_ || submitted_ - done_ >= options_.backlog) return {};
  wire::Submit submit;
  submit.request = RequestId::random(random_);
  submit.template_name = "bench.pkr.hcl";
  for (size_t i = 0; i < options_.jobs_per_submit; ++i) {
    submit.jobs.push_back({"null.bench-" + std::to_string(i), spec_, {}});
  }
  submitted_ += options_.jobs_per_submit;
  submitting_ = true;
  return submitter_.send(wire::encode(submit));
}

Result<void> AgentCrowd::take(net::Dealer& agent, const std::string& frame) {
  const wire::Message message = TRY(wire::decode(frame));
  if (std::holds_alternative<wire::ResultAck>(message)) ++done_;
  if (const auto* refused = std::get_if<wire::ProtocolError>(&message)) return refused->error;
  const auto* offer = std::get_if<wire::Offer>(&message);
  if (offer == nullptr) return {};
  TRY(agent.send(wire::encode(wire::Accept{offer->ref})));
  wire::JobResult result;
  result.ref = offer->ref;
  result.outcome = wire::Outcome::Succeeded;
  result.artifacts = {{"packer.null", "null", "a null build has no artifact", {}}};
  result.elapsed = std::chrono::milliseconds(1);
  last_offer_ = frame;
  last_result_ = wire::encode(result);
  return agent.send(last_result_);
}

Result<void> AgentCrowd::turn() {
  std::vector<const net::ZmqSocket*> sockets;
  sockets.reserve(agents_.size() + 1);
  for (const net::Dealer& agent : agents_) sockets.push_back(&agent);
  sockets.push_back(&submitter_);
  for (const size_t index : net::poll_readable(sockets, {}, kCrowdPoll)) {
    if (index == agents_.size()) continue;
    while (const std::optional<net::Received> received = agents_[index].receive()) {
      TRY(take(agents_[index], received->frame));
    }
  }
  return feed();
}

Result<uint64_t> AgentCrowd::work(Duration time) {
  const SystemClock clock;
  const Instant start = clock.now();
  const uint64_t before = done_;
  while (clock.now() - start < time) TRY(turn());
  if (done_ == before) return timed_out("no job was done");
  return done_ - before;
}

}  // namespace farm::bench
