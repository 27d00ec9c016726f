#include "tests/bench/crowd/crowd_worker.h"

#include <cstdio>
#include <optional>
#include <sys/prctl.h>
#include <csignal>
#include <unistd.h>

#include "common/base/random.h"
#include "common/net/zmq/socket.h"
#include "common/wire/codec.h"

namespace farm::bench {
namespace {

constexpr size_t kNewPerTurn = 25;  // so that the listener's backlog holds
constexpr Duration kTurn = std::chrono::milliseconds(20);
constexpr Duration kLinkCheck = std::chrono::milliseconds(250);
constexpr Duration kHelloAgain = std::chrono::seconds(5);

struct SimulatedAgent {
  std::optional<net::Dealer> dealer;
  std::string name;
  bool welcome = false;
  Duration interval{0};
  Instant due{};  // the next hello or sync
  std::optional<wire::JobRef> job;
};

class Worker {
 public:
  Worker(const CrowdPart& part, CrowdCounters& counters) : part_(part), counters_(counters) {
    agents_.resize(part.agents.size());
  }

  Result<void> run() {
    while (true) {
      TRY(connect_some());
      std::vector<const net::ZmqSocket*> sockets;
      for (size_t i = 0; i < connected_; ++i) sockets.push_back(&*agents_[i].dealer);
      for (const size_t index : net::poll_readable(sockets, {}, kTurn)) {
        while (const auto received = agents_[index].dealer->receive()) {
          const wire::Message message = TRY(wire::decode(received->frame));
          take(agents_[index], message);
        }
      }
      const Instant now = clock_.now();
      if (now >= links_due_) check_links(now);
      for (size_t i = 0; i < connected_; ++i) {
        if (now >= agents_[i].due) speak(agents_[i], now);
      }
    }
  }

 private:
  Result<void> connect_some() {
    for (size_t i = 0; i < kNewPerTurn && connected_ < agents_.size(); ++i, ++connected_) {
      SimulatedAgent& agent = agents_[connected_];
      agent.name = "agent-" + std::to_string(part_.first + connected_);
      net::Dealer dealer = TRY(net::Dealer::connect(context_, part_.endpoint, part_.server_key,
                                                    part_.agents[connected_], 16));
      agent.dealer = std::move(dealer);
      agent.due = clock_.now();
    }
    return {};
  }

  void check_links(Instant now) {
    links_due_ = now + kLinkCheck;
    for (size_t i = 0; i < connected_; ++i) {
      for (const net::Dealer::Link link : agents_[i].dealer->link_events()) {
        if (link == net::Dealer::Link::Disconnected) agents_[i].welcome = false;
        if (link == net::Dealer::Link::Connected) agents_[i].due = now;
      }
    }
  }

  void speak(SimulatedAgent& agent, Instant now) {
    std::vector<wire::RunningJob> jobs;
    if (agent.job) jobs.push_back({*agent.job, wire::Phase::Running, 0});
    if (agent.welcome) {
      wire::Sync sync;
      sync.jobs = std::move(jobs);
      sync.free_slots = agent.job ? 0 : 1;
      static_cast<void>(agent.dealer->send(wire::encode(sync)));
      agent.due = now + agent.interval;
      return;
    }
    wire::Hello hello;
    hello.name = agent.name;
    hello.boot_id = "boot";
    hello.version = "bench";
    hello.builders = {"file", "null", "qemu"};
    hello.provisioners = {"shell"};
    hello.slots = 1;
    hello.jobs = std::move(jobs);
    static_cast<void>(agent.dealer->send(wire::encode(hello)));
    agent.due = now + kHelloAgain;
  }

  void take(SimulatedAgent& agent, const wire::Message& message) {
    if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
      agent.interval = welcome->sync_interval;
      // As agents do: spread over the interval, so that they do not come all at once for ever.
      const auto part = static_cast<Duration::rep>(random_.below(1000));
      if (!agent.welcome) ++counters_.welcomed;
      agent.welcome = true;
      agent.due = clock_.now() + agent.interval * part / 1000;
      verdicts(agent, welcome->verdicts);
    } else if (const auto* ack = std::get_if<wire::SyncAck>(&message)) {
      ++counters_.syncs;
      verdicts(agent, ack->verdicts);
    } else if (const auto* offer = std::get_if<wire::Offer>(&message)) {
      if (!agent.job) ++counters_.leases;
      agent.job = offer->ref;
      static_cast<void>(agent.dealer->send(wire::encode(wire::Accept{offer->ref})));
      static_cast<void>(agent.dealer->send(
          wire::encode(wire::PhaseChange{offer->ref, wire::Phase::Running, "build"})));
    } else if (std::holds_alternative<wire::ProtocolError>(message)) {
      ++counters_.failures;
    }
  }

  void verdicts(SimulatedAgent& agent, const std::vector<wire::JobVerdict>& verdicts) {
    for (const wire::JobVerdict& verdict : verdicts) {
      if (!agent.job || verdict.ref != *agent.job) continue;
      if (verdict.verdict == wire::Verdict::Keep) {
        ++counters_.kept;
      } else {
        ++counters_.lost;
        agent.job.reset();
      }
    }
  }

  const CrowdPart& part_;
  CrowdCounters& counters_;
  SystemClock clock_;
  SystemRandom random_;
  net::ZmqContext context_;
  std::vector<SimulatedAgent> agents_;
  size_t connected_ = 0;
  Instant links_due_{};
};

}  // namespace

void run_crowd_worker(const CrowdPart& part, CrowdCounters& counters) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Result<void> ended = Worker(part, counters).run();
  std::fprintf(stderr, "crowd worker: %s\n", ended ? "ended" : ended.error().message.c_str());
  ++counters.failures;
  ::_exit(1);
}

}  // namespace farm::bench
