// Scheduler: which ready jobs go to which agents now. A pure function of queue, fleet and leases:
// fair share over submitters, within a submitter in order of submission and template.
#pragma once

#include <string>
#include <vector>

#include "coordinator/fleet/fleet.h"
#include "coordinator/leases/lease_table.h"
#include "coordinator/queue/queue.h"
#include "coordinator/scheduler/limits.h"

namespace farm::coordinator {

struct Placement {
  JobId job;
  AgentId agent;
  std::string node;                 // chosen for a job that leaves it open; empty: not chosen
  std::vector<std::string> tokens;  // that it holds while it is leased
};

/// The submitter with the fewest leased jobs is served first; a job goes to the fitting agent with
/// the most free slots, and never where a node, datastore or credential is at its limit. A job that
/// fits nobody never holds up those behind it.
std::vector<Placement> place(const Queue& queue, const Fleet& fleet, const LeaseTable& leases,
                             const Limits& limits, Instant now);

/// Why the job is not running: first line the state in words, then one line per agent. Empty when
/// an agent holds the job or it has ended.
std::vector<std::string> why(const Job& job, const Queue& queue, const Fleet& fleet,
                             const LeaseTable& leases, const Limits& limits, Instant now);

}  // namespace farm::coordinator
