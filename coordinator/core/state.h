// State: everything the coordinator decides on: queue, fleet, leases, resources, and the policy it
// decides by. Owned by the reactor thread; step() and settle() are the only ones to change it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "coordinator/fleet/fleet.h"
#include "coordinator/leases/lease_table.h"
#include "coordinator/ledger/resource_table.h"
#include "coordinator/queue/queue.h"
#include "coordinator/scheduler/limits.h"

namespace farm::coordinator {

/// Times and limits; zero means no limit unless said otherwise.
struct Policy {
  Duration sync_interval = std::chrono::seconds(10);  // at least
  Duration lease_ttl = std::chrono::seconds(60);      // at least
  Duration disconnect_max = std::chrono::minutes(30);
  Duration queue_limit = std::chrono::hours(24);
  Duration prepare_limit = std::chrono::hours(2);
  Duration total_limit = std::chrono::hours(24);
  /// Sent with every Offer. The agent enforces it, because it alone knows which wait has a deadline
  /// of its own; `wedged_limit` is our net under an agent that does not.
  Duration silence_limit = std::chrono::minutes(30);
  Duration wedged_limit = std::chrono::hours(6);
  Duration cancel_grace = std::chrono::minutes(10);
  Duration cancel_margin = std::chrono::seconds(30);  // after the grace: the answer's way here
  Duration retry_backoff = std::chrono::seconds(10);
  Duration refusal_pause = std::chrono::seconds(30);  // before the same agent is asked again
  uint32_t retry_limit = 1;      // for crashed runners and lost agents; build failures: never
  uint32_t refusal_limit = 20;   // offers refused before the job fails
  Limits limits;                 // of nodes, datastores and credentials
};

/// Things that should not happen, counted.
struct Counters {
  uint64_t refused_transitions = 0;
  uint64_t stale_messages = 0;    // wrong epoch, state or owner
  uint64_t foreign_messages = 0;  // of an agent that does not own the job
};

struct Now {
  Instant steady;
  WallTime wall;
};

struct State {
  Policy policy;
  uint32_t incarnation = 1;
  Queue queue;
  Fleet fleet;
  LeaseTable leases;
  ResourceTable resources;
  Counters counters;
  /// Whether a job or a slot became free since the last placement.
  bool place_wanted = false;
  /// No deadline is over before this; settle() looks again then.
  std::optional<Instant> next_deadline;

  void arm(Instant at) {
    if (!next_deadline || at < *next_deadline) next_deadline = at;
  }
  Duration sync_interval() const {
    return sync_interval_for(static_cast<uint32_t>(fleet.agents().size()), policy.sync_interval);
  }
  Duration lease_ttl() const { return lease_ttl_for(sync_interval(), policy.lease_ttl); }
};

}  // namespace farm::coordinator
