// AgentCrowd: many simulated agents and one submitter in a single thread. Every agent is a Dealer
// with a key of its own: it says Hello, accepts each offer at once and reports success at once. The
// submitter keeps a backlog of small jobs queued.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/net/zmq/socket.h"
#include "common/wire/message.h"
#include "tests/bench/farm_cycles/farm_under_test.h"

namespace farm::bench {

struct CrowdOptions {
  size_t agents = 64;
  uint64_t backlog = 2000;  // jobs submitted and not yet done, at least
  size_t jobs_per_submit = 200;
};

class AgentCrowd {
 public:
  static Result<AgentCrowd> gather(FarmUnderTest& farm, const CrowdOptions& options);
  /// Works for `time`; the cycles that ended meanwhile. Timeout: none did.
  Result<uint64_t> work(Duration time);
  uint64_t done() const { return done_; }
  /// Sizes on the wire of the last offer and of the result that answered it.
  const std::string& last_offer() const { return last_offer_; }
  const std::string& last_result() const { return last_result_; }

 private:
  AgentCrowd(CrowdOptions options, net::Dealer submitter)
      : options_(options), submitter_(std::move(submitter)) {}
  Result<void> turn();
  Result<void> feed();
  Result<void> take(net::Dealer& agent, const std::string& frame);

  CrowdOptions options_;
  SystemRandom random_;
  net::Dealer submitter_;
  bool submitting_ = false;
  std::vector<net::Dealer> agents_;
  std::string spec_;
  uint64_t submitted_ = 0;
  uint64_t done_ = 0;
  std::string last_offer_;
  std::string last_result_;
};

}  // namespace farm::bench
