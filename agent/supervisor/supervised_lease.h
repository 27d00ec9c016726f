// Supervisor::Lease: what a supervisor remembers of one lease between events. All of it can be found
// again from the lease's directory.
#pragma once

#include <optional>

#include "agent/supervisor/supervisor.h"

namespace farm::agent {

struct Supervisor::Lease {
  enum class State { Prepared, Starting, Running, Ended };

  Lease(LeaseDirectory d, wire::JobRef r) : directory(std::move(d)), ref(r) {}

  LeaseDirectory directory;
  wire::JobRef ref;
  State state = State::Prepared;
  ControlChannel control;
  pid_t pid = -1;
  io::Fd pidfd;
  bool adopted = false;  // no child of our zygote: pidfd tells of its end, its status is unknown
  wire::Phase phase = wire::Phase::Preparing;
  uint64_t log_bytes = 0;
  uint64_t events_read = 0;
  uint64_t ledger_read = 0;
  Duration silence_limit{0};
  std::optional<Instant> total_deadline;
  std::optional<Instant> silence_deadline;
  std::optional<Instant> kill_deadline;  // set by cancel()
  std::optional<Error> limit_error;      // why we cancelled it ourselves
  bool cancel_asked = false;
  bool killed = false;
  std::optional<wire::JobResult> result;
  bool reported = false;

  // Removal of what the ledger still lists at a provider, by a runner in the reaper's role.
  enum class Reap { None, Starting, Running };
  Reap reap = Reap::None;
  int reap_tries = 0;
  std::optional<Instant> reap_deadline;
  std::optional<Instant> next_reap;
  bool orphaned = false;  // forgotten by everybody else
};

}  // namespace farm::agent
