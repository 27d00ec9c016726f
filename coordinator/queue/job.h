// Job and Attempt: one build block x source of a submission and the tries of it. Plain data: the
// core alone changes it, the store keeps it, queries show it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/wire/message.h"
#include "coordinator/queue/job_state.h"

namespace farm::coordinator {

/// Where at a provider the job's machine goes, as far as its template says; read from its spec.
struct JobPlace {
  std::string provider;    // "proxmox", "vsphere"; empty: none with nodes of its own
  std::string host;        // host[:port] of the API; empty: that of the agent's own configuration
  std::string node;        // empty: not known
  bool open_node = false;  // the template leaves the node open
  std::string group;       // the cluster of which it is to be chosen; empty: any
  std::vector<std::string> datastores;  // sorted, unique
  std::string credential;  // who the build is at the API; empty: the agent's own
  friend auto operator<=>(const JobPlace&, const JobPlace&) = default;
};

/// What an agent must offer to run the job; read from its spec at intake.
struct JobNeeds {
  std::string builder;
  std::vector<std::string> provisioners;     // sorted, unique
  std::vector<std::string> post_processors;  // sorted, unique
  std::vector<std::string> labels;           // "key=value", sorted, unique
  JobPlace place{};
  friend auto operator<=>(const JobNeeds&, const JobNeeds&) = default;
};

/// How an attempt ended. Stored by number: append only.
enum class AttemptEnd : uint8_t {
  Open = 0,  // it has not
  Succeeded,
  BuildFailed,
  RunnerCrashed,
  AgentLost,
  Refused,
  UploadIncomplete,  // success was reported, but the files are not here
  Cancelled,
  TimedOut,
};
const char* attempt_end_name(AttemptEnd end);

struct Attempt {
  uint32_t number = 0;  // from 1
  Epoch epoch;
  AgentId agent;
  std::string agent_name;
  WallTime offered;
  WallTime accepted;  // 0: never
  WallTime ended;     // 0: open
  AttemptEnd end = AttemptEnd::Open;
  Error error;            // meaningful when it failed
  bool reported = false;  // its agent's JobResult is recorded: a repeated one is acknowledged again
  uint64_t log_bytes = 0;  // bytes of its log that are durable here
};

struct Job {
  JobId id;
  BuildId build;
  uint32_t index = 0;  // in the template's order
  std::string name;    // display name
  JobNeeds needs;
  JobState state = JobState::Ready;
  JobState held = JobState::Offered;  // Suspect: the state it had before
  Epoch epoch;                        // of the last offer; only grows
  std::vector<Attempt> attempts;
  uint32_t retries = 0;  // attempts that count against the retry limit
  std::string step;
  std::optional<Error> error;
  // Cancelling: the terminal state it is on its way to.
  JobState ending = JobState::Cancelled;
  std::string ending_reason;
  std::vector<wire::ArtifactRecord> artifacts;
  std::string manifest;
  Duration elapsed{0};
  WallTime submitted;
  WallTime ended;
  // plan::encode_job; shared with the encoder of the batch. Null once the job has ended.
  std::shared_ptr<const std::string> spec;
  // While it is leased: the node chosen for it, and what it counts against (scheduler/limits.h).
  std::string node;
  std::vector<std::string> tokens;

  // Known in this process only; made anew after a restart.
  Instant since{};           // of the present state
  Instant queued_since{};
  Instant started{};         // accepted
  Instant offer_sent{};
  Instant missing_since{};   // the agent's Sync does not list it; 0 nanos: it does
  Instant retry_at{};
  Instant cancel_deadline{};
  Instant grew{};            // last growth of its log on the agent
  uint64_t agent_log_bytes = 0;
  std::map<AgentId, Instant> refused_until;

  const Attempt* current() const {
    return attempts.empty() || attempts.back().end != AttemptEnd::Open ? nullptr : &attempts.back();
  }
  Attempt* current() {
    return attempts.empty() || attempts.back().end != AttemptEnd::Open ? nullptr : &attempts.back();
  }
  /// The attempt with this epoch; nullptr when there is none.
  const Attempt* attempt(const Epoch& of) const;
  Attempt* attempt(const Epoch& of);
};

}  // namespace farm::coordinator
