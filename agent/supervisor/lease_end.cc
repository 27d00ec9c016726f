// What a supervisor does when the runner of a lease has ended: sweep what it left here, have a
// reaper remove what it left at a provider, report the result.
#include <csignal>

#include "agent/ledger/sweep.h"
#include "agent/supervisor/supervised_lease.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

// One try; the result of the job waits for the first, so that a second attempt finds no remains.
constexpr Duration kReapLimit = std::chrono::minutes(2);
constexpr Duration kFirstPause = std::chrono::seconds(30);
constexpr int kMostDoublings = 6;  // at most every 32 minutes

}  // namespace

void Supervisor::let_go(Lease& lease) {
  for (const int fd : {lease.control.open() ? lease.control.fd() : -1, lease.pidfd.get()}) {
    if (fd >= 0) by_fd_.erase(fd);
  }
  lease.control.close();
  lease.pidfd.reset();
  lease.pid = -1;
}

void Supervisor::runner_ended(Lease& lease, std::optional<int> wait_status) {
  if (lease.reap != Lease::Reap::None) return reaper_ended(lease);
  if (lease.reported) return;
  let_go(lease);
  if (lease.adopted && !lease.directory.kept()) kill_lease_processes(lease.directory.name());
  refresh(lease);
  if (!lease.result) lease.result = final_result(lease, wait_status);
  if (!sweep_ledger(lease) && start_reaper(lease)) return;
  finish(lease);
}

wire::JobResult Supervisor::final_result(const Lease& lease,
                                         std::optional<int> wait_status) const {
  Result<wire::JobResult> written = lease.directory.result();
  wire::JobResult result;
  if (written) {
    result = *std::move(written);
  } else if (lease.killed) {
    result.outcome = wire::Outcome::Cancelled;
    result.error = cancelled("Build was cancelled; it did not end in time and was killed.");
  } else {
    // Retryable: the next runner may be luckier.
    result.error = {ErrorCode::Internal, crash_text(wait_status, lease.directory.log()), true};
  }
  if (lease.limit_error && result.outcome != wire::Outcome::Succeeded) {
    result.outcome = wire::Outcome::Failed;
    result.error = *lease.limit_error;
  }
  result.ref = lease.ref;
  return result;
}

// False when resources of a provider are left.
bool Supervisor::sweep_ledger(Lease& lease) {
  if (lease.ledger_read == 0 || lease.directory.kept()) return true;
  const bool succeeded = lease.result->outcome == wire::Outcome::Succeeded;
  const Result<SweepReport> report =
      sweep(lease.directory.ledger(), succeeded ? JobEnd::Succeeded : JobEnd::Otherwise);
  if (!report) {
    log::error("ledger not swept", {{"error", report.error().message}});
    return true;
  }
  for (const Error& failure : report->failures) {
    log::error("resource not removed", {{"error", failure.message}});
  }
  read_ledger(lease);  // tells of what is gone now
  return report->foreign.empty();
}

bool Supervisor::is_reaping(const Lease& lease) {
  return lease.reap != Lease::Reap::None || lease.next_reap.has_value();
}

// False when it could not be started now; it is tried again later.
bool Supervisor::start_reaper(Lease& lease) {
  lease.next_reap.reset();
  const Result<void> launched = launch_reaper(lease);
  if (launched) return true;
  log::warn("reaper not started", {{"error", launched.error().message}});
  const int doublings = std::min(lease.reap_tries++, kMostDoublings);
  lease.next_reap = clock_.now() + kFirstPause * (1 << doublings);
  return false;
}

Result<void> Supervisor::launch_reaper(Lease& lease) {
  if (!zygote_alive_) return unavailable("the zygote process is gone; the agent must restart");
  TRY(lease.directory.mark_reaping());
  auto [ours, theirs] = TRY(ControlChannel::pair());
  TRY(zygote_.start(lease.directory.path(), std::move(theirs)));
  TRY(watch(ours.fd()));
  by_fd_[ours.fd()] = lease.ref;
  lease.control = std::move(ours);
  lease.adopted = false;
  lease.reap = Lease::Reap::Starting;
  lease.reap_deadline = clock_.now() + kReapLimit;
  return {};
}

void Supervisor::mind_reaper(Lease& lease) {
  const Instant now = clock_.now();
  if (lease.reap == Lease::Reap::None) {
    if (*lease.next_reap <= now) start_reaper(lease);
    return;
  }
  if (*lease.reap_deadline > now) return;
  log::warn("reaper did not end in time; killed", {{"lease", lease.directory.name()}});
  signal(lease, SIGKILL);
  reaper_ended(lease);
}

void Supervisor::reaper_ended(Lease& lease) {
  let_go(lease);
  lease.reap = Lease::Reap::None;
  refresh(lease);
  read_ledger(lease);
  const Result<FileLedger> ledger = FileLedger::open(lease.directory.ledger());
  const bool clean = ledger && ledger->open_resources().empty();
  if (!clean) {
    for (const OpenResource& resource : ledger ? ledger->open_resources()
                                               : std::vector<OpenResource>()) {
      log::warn("resource left at its provider; removal is tried again",
                {{"kind", resource.kind}, {"name", resource.name}, {"id", resource.id}});
    }
    const int doublings = std::min(lease.reap_tries++, kMostDoublings);
    lease.next_reap = clock_.now() + kFirstPause * (1 << doublings);
  }
  if (!lease.reported) return finish(lease);
  if (!clean || !lease.orphaned) return;
  const LeaseDirectory directory = lease.directory;
  leases_.erase(wire::JobRef(lease.ref));
  const Result<void> removed = directory.remove();
  if (!removed) log::warn("lease not removed", {{"error", removed.error().message}});
}

void Supervisor::finish(Lease& lease) {
  lease.state = Lease::State::Ended;
  lease.result->log_bytes = lease.log_bytes;
  const bool made_up = lease.limit_error || !io::exists(lease.directory.file("result"));
  if (made_up) {  // it must not change when another supervisor looks again
    const Result<void> written =
        lease.directory.write_result(*lease.result, options_.durability);
    if (!written) log::error("result not written", {{"error", written.error().message}});
  }
  lease.reported = true;
  lease.phase = wire::Phase::Finished;
  const wire::JobResult result = *lease.result;  // the handler may forget the lease
  events_.on_finished(result);
}

}  // namespace farm::agent
