#include "coordinator/queue/job.h"

namespace farm::coordinator {

const char* attempt_end_name(AttemptEnd end) {
  switch (end) {
    case AttemptEnd::Open: return "open";
    case AttemptEnd::Succeeded: return "succeeded";
    case AttemptEnd::BuildFailed: return "build_failed";
    case AttemptEnd::RunnerCrashed: return "runner_crashed";
    case AttemptEnd::AgentLost: return "agent_lost";
    case AttemptEnd::Refused: return "refused";
    case AttemptEnd::UploadIncomplete: return "upload_incomplete";
    case AttemptEnd::Cancelled: return "cancelled";
    case AttemptEnd::TimedOut: return "timed_out";
  }
  return "unknown";
}

const Attempt* Job::attempt(const Epoch& of) const {
  for (auto it = attempts.rbegin(); it != attempts.rend(); ++it) {
    if (it->epoch == of) return &*it;
  }
  return nullptr;
}

Attempt* Job::attempt(const Epoch& of) {
  return const_cast<Attempt*>(static_cast<const Job*>(this)->attempt(of));
}

}  // namespace farm::coordinator
