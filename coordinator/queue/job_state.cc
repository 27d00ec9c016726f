#include "coordinator/queue/job_state.h"

#include <initializer_list>

namespace farm::coordinator {
namespace {

using enum JobState;

constexpr uint32_t bit(JobState state) { return 1U << static_cast<uint8_t>(state); }

constexpr uint32_t set_of(std::initializer_list<JobState> states) {
  uint32_t bits = 0;
  for (const JobState state : states) bits |= bit(state);
  return bits;
}

// What ends any lease early: loss of contact, a retry, a failure, a cancel.
constexpr uint32_t kLeaseEnds = set_of({Suspect, RetryWait, Failed, Cancelling, Committed});

constexpr uint32_t successors(JobState from) {
  switch (from) {
    case Blocked: return set_of({Ready, Failed, Cancelled, TimedOut});
    case Ready: return set_of({Offered, Cancelled, TimedOut, Failed});
    case Offered: return kLeaseEnds | set_of({Preparing, Running, Uploading});
    case Preparing: return kLeaseEnds | set_of({Running, Uploading});
    case Running: return kLeaseEnds | set_of({Uploading});
    case Uploading: return kLeaseEnds;
    case Committed: return set_of({Succeeded});
    case Suspect:
      return set_of({Offered, Preparing, Running, Uploading, Committed, RetryWait, Failed,
                     Cancelling});
    case RetryWait: return set_of({Ready, Cancelled, TimedOut});
    case Cancelling: return set_of({Cancelled, TimedOut});
    case Succeeded:
    case Failed:
    case TimedOut:
    case Cancelled: return 0;
  }
  return 0;
}

}  // namespace

const char* job_state_name(JobState state) {
  switch (state) {
    case Blocked: return "blocked";
    case Ready: return "ready";
    case Offered: return "offered";
    case Preparing: return "preparing";
    case Running: return "running";
    case Uploading: return "uploading";
    case Committed: return "committed";
    case Succeeded: return "succeeded";
    case Suspect: return "suspect";
    case RetryWait: return "retry_wait";
    case Failed: return "failed";
    case TimedOut: return "timed_out";
    case Cancelling: return "cancelling";
    case Cancelled: return "cancelled";
  }
  return "unknown";
}

std::optional<JobState> job_state_from_number(uint8_t number) {
  if (number < static_cast<uint8_t>(Blocked) || number > static_cast<uint8_t>(Cancelled)) {
    return std::nullopt;
  }
  return static_cast<JobState>(number);
}

const std::vector<JobState>& all_job_states() {
  static const std::vector<JobState> states = {
      Blocked, Ready,   Offered,   Preparing, Running,  Uploading,  Committed,
      Succeeded, Suspect, RetryWait, Failed,    TimedOut, Cancelling, Cancelled};
  return states;
}

bool transition_allowed(JobState from, JobState to) { return (successors(from) & bit(to)) != 0; }

bool is_terminal(JobState state) { return successors(state) == 0; }

bool is_leased(JobState state) {
  constexpr uint32_t kLeased =
      set_of({Offered, Preparing, Running, Uploading, Suspect, Cancelling});
  return (kLeased & bit(state)) != 0;
}

}  // namespace farm::coordinator
