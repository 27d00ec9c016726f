// LocalCoordinator: the coordinator of `farmctl build`: the same core and scheduler as on a farm,
// called in process, single-threaded, with a journal file per run instead of a database. The caller
// plays the network: it passes the agent's messages in and carries the answers back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/wire/message.h"
#include "coordinator/queue/job_state.h"

namespace farm::coordinator {

struct LocalOptions {
  /// File that gets the run's records; created when the first one is written. Empty: kept in
  /// memory only. A job's resources are on disk before the agent hears that they may be created.
  std::string journal;
  Duration cancel_grace = std::chrono::minutes(10);
  /// How often the in-process agent should Sync. It cannot be lost, so this is generous.
  Duration sync_interval = std::chrono::seconds(10);
};

/// A job as the caller shows it.
struct JobView {
  JobId id;
  std::string name;  // display name
  JobState state = JobState::Ready;
  std::string step;       // what the agent last said it does
  std::optional<Error> error;  // once failed, cancelled or timed out
  std::vector<wire::ArtifactRecord> artifacts;
  std::string manifest;   // JSON of the job's `manifest` entries; may be empty
  Duration elapsed{0};    // as the agent measured it
  uint32_t attempts = 0;
};

struct BuildView {
  BuildId id;
  std::vector<JobView> jobs;  // in template order
  bool finished = false;      // every job is in a terminal state
  bool succeeded = false;     // finished, and every job succeeded
};

/// One state change of a job, in the order they happened.
struct JobChange {
  BuildId build;
  JobId job;
  JobState from = JobState::Ready;
  JobState to = JobState::Ready;
};

/// The course of a build: submit() once; deliver(Hello) gives Welcome; afterwards every call may
/// return Offer, Cancel, Revoke, SyncAck, ResultAck, LogAck... for the agent. An offered job is
/// answered by Accept or Refuse, then PhaseChange, ResourceEvent, LogData (optional: without it the
/// journal has no log) and one JobResult, which the agent keeps until ResultAck. A JobResult with
/// Outcome::Failed and error {Internal, retryable = true} means that the runner crashed.
/// One thread at a time.
class LocalCoordinator {
 public:
  /// `clock` and `random` must outlive the result.
  static Result<std::unique_ptr<LocalCoordinator>> open(LocalOptions options, const Clock& clock,
                                                        Random& random);
  ~LocalCoordinator();
  LocalCoordinator(const LocalCoordinator&) = delete;
  LocalCoordinator& operator=(const LocalCoordinator&) = delete;

  /// InvalidInput: a spec cannot be read. The same request id gives the same build again.
  /// `parallel` of the submit is packer's -parallel-builds.
  Result<BuildId> submit(const wire::Submit& submit);

  /// A message of the in-process agent; the answers are for it. Unavailable: the journal cannot be
  /// written (disk full); what the message changed is kept, and its answers come with the next call
  /// that can write. InvalidInput: no message an agent sends.
  Result<std::vector<wire::Message>> deliver(const wire::Message& message);

  /// Lets deadlines pass (limits, grace periods) and offers jobs; messages for the agent. To be
  /// called after submit() and when next_deadline() is over.
  Result<std::vector<wire::Message>> tick();
  /// When tick() has something to do next; empty: only a message can change anything.
  std::optional<Instant> next_deadline() const;

  /// Cancels every job of the build that has not ended: Ctrl-C. Messages for the agent.
  Result<std::vector<wire::Message>> cancel(const BuildId& build, const std::string& reason);

  std::optional<BuildView> build(const BuildId& build) const;
  /// Changes since the last call.
  std::vector<JobChange> take_changes();
  /// Why a job does not run, one line per reason; empty when it runs or has ended.
  std::vector<std::string> why(const JobId& job) const;
  /// Resources that were announced (Intent or Bound) and are not Gone.
  std::vector<wire::ResourceEvent> open_resources() const;

  /// Closes the journal, which stays for merge_journal() (coordinator/store/journal_merge.h); a
  /// journal that holds nothing worth keeping is not created in the first place.
  Result<void> close();

 private:
  class Impl;
  explicit LocalCoordinator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What a killed run left behind: resources its journal announces and does not see gone. The next
/// start sweeps them. A torn tail is ignored; Corrupt: `journal` is no journal.
Result<std::vector<wire::ResourceEvent>> leftover_resources(const std::string& journal);

}  // namespace farm::coordinator
