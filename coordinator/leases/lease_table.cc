#include "coordinator/leases/lease_table.h"

#include <algorithm>

namespace farm::coordinator {

Duration sync_interval_for(uint32_t agents, Duration least) {
  return std::max<Duration>(least, std::chrono::milliseconds(agents));
}

Duration lease_ttl_for(Duration sync_interval, Duration least) {
  return std::max(least, 6 * sync_interval);
}

bool LeaseTable::renew(const AgentId& agent, Instant until) {
  const auto [it, inserted] = leases_.try_emplace(agent);
  const bool anew = inserted || it->second.standing == Standing::Expired;
  it->second = {until, Standing::Held};
  return anew;
}

const LeaseTable::Lease* LeaseTable::find(const AgentId& agent) const {
  const auto it = leases_.find(agent);
  return it == leases_.end() ? nullptr : &it->second;
}

bool LeaseTable::held(const AgentId& agent) const {
  const Lease* lease = find(agent);
  return lease != nullptr && lease->standing == Standing::Held;
}

void LeaseTable::expire(const AgentId& agent) {
  const auto it = leases_.find(agent);
  if (it != leases_.end()) it->second.standing = Standing::Expired;
}

}  // namespace farm::coordinator
