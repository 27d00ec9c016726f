// Matcher: whether one agent can run one job now, and if not why, in the words `farmctl why` shows.
// The scheduler and `why` share it, so the explanation is the decision.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/fleet/agent.h"
#include "coordinator/queue/job.h"
#include "coordinator/scheduler/limits.h"

namespace farm::coordinator {

enum class Fit : uint8_t {
  Fits,      // may be offered now
  Limited,   // would fit, a node, datastore or credential it uses is at its limit
  Busy,      // would fit, every slot is taken
  Refused,   // would fit, said no a moment ago
  Draining,  // would fit, takes nothing new
  Away,      // would fit, has not been heard of within its lease
  Never,     // does not offer what the job needs
};

/// `reachable`: the agent said Hello and its lease holds. `words`, when given, says why in one
/// phrase: "no: builder vsphere-iso is not offered here".
Fit fit(const Job& job, const Agent& agent, bool reachable, const TokenCount& count, Instant now,
        std::string* words);

}  // namespace farm::coordinator
