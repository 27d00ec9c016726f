// JobState: the states of a job and the one table of transitions between them (design.md section
// 5). A transition that is not in the table is refused by the core, counted and logged.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace farm::coordinator {

/// Stored by number: append only.
enum class JobState : uint8_t {
  Blocked = 1,
  Ready,
  Offered,
  Preparing,
  Running,
  Uploading,
  Committed,
  Succeeded,
  Suspect,
  RetryWait,
  Failed,
  TimedOut,
  Cancelling,
  Cancelled,
};

/// "ready", "retry_wait"...: what users, queries and logs see.
const char* job_state_name(JobState state);
std::optional<JobState> job_state_from_number(uint8_t number);
const std::vector<JobState>& all_job_states();

/// Whether the state machine allows `from` -> `to`. Terminal states lead nowhere.
bool transition_allowed(JobState from, JobState to);
/// Succeeded, Failed, TimedOut, Cancelled: never left again.
bool is_terminal(JobState state);
/// An agent holds (or may hold) the job: it has a lease and takes a slot.
bool is_leased(JobState state);

}  // namespace farm::coordinator
