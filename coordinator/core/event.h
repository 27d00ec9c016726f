// Event: everything that can happen to the farm's state. What needs the outside (ids, the reading
// of a spec, the look into the chunk store) is done before and comes with the event.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/wire/message.h"
#include "coordinator/fleet/agent.h"
#include "coordinator/queue/job.h"

namespace farm::coordinator {

/// A message of the control endpoint from an authenticated agent.
struct AgentSaid {
  AgentIdentity agent;
  wire::Message message;
  /// JobResult only: an artifact file that is said to be stored and is not here whole.
  std::optional<std::string> missing_file;
};

/// A submission that intake accepted. `ids`, `needs` and `specs` run parallel to submit.jobs.
struct Submitted {
  wire::Submit submit;
  std::string submitter;  // as authenticated
  BuildId build;
  std::vector<JobId> ids;
  std::vector<JobNeeds> needs;
  std::string bundle;  // digest of the bundle manifest; empty: in place
};

struct CancelBuild {
  BuildId build;
  std::string reason;
};
struct CancelJob {
  JobId job;
  std::string reason;
};
/// Takes a job from an agent that is not heard of, without waiting for disconnect_max.
struct RequeueJob {
  JobId job;
};
struct SetDrain {
  AgentId agent;
  bool draining = true;
};
/// The agent's key was revoked: its jobs go elsewhere.
struct ForgetAgent {
  AgentId agent;
};
/// Bytes of an attempt's log became durable.
struct LogStored {
  wire::JobRef ref;
  uint64_t length = 0;  // of the stored log
};

using Event = std::variant<AgentSaid, Submitted, CancelBuild, CancelJob, RequeueJob, SetDrain,
                           ForgetAgent, LogStored>;

}  // namespace farm::coordinator
