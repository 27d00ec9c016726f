// Supervisor: starts, watches and ends the runners of one agent. It keeps nothing that matters in
// memory only: a new supervisor over the same lease directories takes running runners over and
// reports finished ones. One thread; poll fd() and call dispatch().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/spool/lease_directory.h"
#include "agent/supervisor/survey_desk.h"
#include "agent/supervisor/zygote.h"
#include "common/base/clock.h"
#include "common/wire/message.h"

namespace farm::agent {

/// What a supervisor tells its owner, from within dispatch(). Handlers may call the supervisor.
class SupervisorEvents {
 public:
  virtual ~SupervisorEvents() = default;
  /// The job's log is `bytes` long now.
  virtual void on_log(const wire::JobRef& ref, uint64_t bytes) = 0;
  virtual void on_phase(const wire::PhaseChange& change) = 0;
  virtual void on_resource(const wire::ResourceEvent& event) = 0;
  /// A runner asks a person; answer() ends its wait.
  virtual void on_prompt(const wire::JobRef& ref, const std::string& text) = 0;
  /// Once per lease and supervisor; the result stays on disk until forget().
  virtual void on_finished(const wire::JobResult& result) = 0;
  /// What survey() was asked for.
  virtual void on_survey(const wire::Survey& /*survey*/) {}
};

struct SupervisorOptions {
  std::string root;  // of the lease directories; exists
  Durability durability = Durability::Synced;
};

class Supervisor {
 public:
  /// Takes over what `options.root` holds; its events come with the first dispatch(). `clock` and
  /// `events` outlive the supervisor.
  static Result<std::unique_ptr<Supervisor>> open(SupervisorOptions options, Zygote zygote,
                                                  const Clock& clock, SupervisorEvents& events);
  ~Supervisor();

  /// Writes the lease down: after this it is never lost. Conflict: it is known already.
  Result<LeaseDirectory> prepare(const wire::Offer& offer);
  /// Starts the runner of a prepared lease.
  Result<void> start(const wire::JobRef& ref);
  /// Ends a lease whose runner was never started (its bundle could not be fetched).
  void fail(const wire::JobRef& ref, Error error);
  /// SIGTERM to the runner, which cleans up; after `grace` everything of it is killed and its
  /// ledger swept. A second call may only shorten the grace. Unknown leases are ignored.
  void cancel(const wire::JobRef& ref, Duration grace);
  void answer(const wire::JobRef& ref, const std::string& text);
  /// The result was recorded elsewhere: removes the lease's files, at once or as soon as nothing
  /// of the lease is left at a provider.
  Result<void> forget(const wire::JobRef& ref);
  /// Looks at the providers in a process of its own; on_survey() follows.
  void survey(wire::SurveyOrder order);

  std::vector<wire::RunningJob> inventory() const;
  bool holds(const wire::JobRef& ref) const;
  /// Leases whose runner has not ended.
  size_t active() const;
  /// Leases whose resources at a provider are being removed, or wait for the first try.
  size_t reaping() const;
  /// Leases that are over and recorded but for such resources.
  size_t orphans() const;
  const std::string& root() const { return options_.root; }

  int fd() const { return epoll_.get(); }
  /// Waits for events at most `max_wait` and handles them, deadlines too.
  Result<void> dispatch(Duration max_wait);
  /// How long dispatch() may be left uncalled when fd() stays quiet, at most `at_most`.
  Duration until_next_deadline(Duration at_most) const;

 private:
  struct Lease;
  Supervisor(SupervisorOptions options, Zygote zygote, const Clock& clock,
             SupervisorEvents& events);
  Result<void> watch(int fd);
  Result<void> adopt_all();
  void adopt(LeaseDirectory directory, const wire::JobRef& ref);
  Lease* find(const wire::JobRef& ref);
  Lease* find_pid(pid_t pid);
  void take_reports();
  void take_report(ZygoteReport report);
  void zygote_gone(const Error& error);
  void take_control(Lease& lease);
  void refresh(Lease& lease);
  void read_events(Lease& lease);
  void read_ledger(Lease& lease);
  void check_deadlines(Lease& lease);
  void signal(const Lease& lease, int number);
  void kill_all_of(Lease& lease);
  void runner_ended(Lease& lease, std::optional<int> wait_status);
  void let_go(Lease& lease);
  wire::JobResult final_result(const Lease& lease, std::optional<int> wait_status) const;
  bool sweep_ledger(Lease& lease);
  static bool is_reaping(const Lease& lease);
  bool start_reaper(Lease& lease);
  Result<void> launch_reaper(Lease& lease);
  void mind_reaper(Lease& lease);
  void reaper_ended(Lease& lease);
  void finish(Lease& lease);

  SupervisorOptions options_;
  Zygote zygote_;
  SurveyDesk surveys_;
  bool zygote_alive_ = true;
  const Clock& clock_;
  SupervisorEvents& events_;
  io::Fd epoll_;
  std::map<wire::JobRef, std::unique_ptr<Lease>> leases_;
  std::map<int, wire::JobRef> by_fd_;      // control channels and pidfds in epoll
  std::vector<wire::JobRef> ended_early_;  // found or failed outside dispatch(); reported there
};

/// What a person reads when a runner ended without a result: signal or exit code and the last lines
/// of its log.
std::string crash_text(std::optional<int> wait_status, const std::string& log_path);

}  // namespace farm::agent
