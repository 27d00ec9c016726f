// LeaseTable: until when each agent may go on with the jobs it holds. One deadline per agent covers
// all its jobs; each Hello or Sync sets it anew (design.md section 5).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "common/base/clock.h"
#include "common/base/ids.h"

namespace farm::coordinator {

/// Sync every max(10 s, agents / 1000 s), lease for max(60 s, 6 x that): bounds the coordinator's
/// load to about a thousand Syncs a second whatever the number of agents.
Duration sync_interval_for(uint32_t agents, Duration least);
Duration lease_ttl_for(Duration sync_interval, Duration least);

class LeaseTable {
 public:
  enum class Standing : uint8_t { Held, Expired };
  struct Lease {
    Instant until{};
    Standing standing = Standing::Held;
  };

  /// Grants or renews until `until`; true when the agent had no valid lease before.
  bool renew(const AgentId& agent, Instant until);
  const Lease* find(const AgentId& agent) const;
  bool held(const AgentId& agent) const;
  void expire(const AgentId& agent);
  void remove(const AgentId& agent) { leases_.erase(agent); }
  const std::map<AgentId, Lease>& leases() const { return leases_; }

 private:
  std::map<AgentId, Lease> leases_;
};

}  // namespace farm::coordinator
