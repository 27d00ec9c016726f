// Zygote: a small single-threaded process, forked before the supervisor has threads or heavy state,
// that forks one runner per lease in about a millisecond (an exec of the whole program costs 17).
// It is the runners' parent: it reaps them, reports how they ended and lets no child outlive them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>

#include "agent/spool/control_channel.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::agent {

/// What becomes of runners when the supervisor is gone.
enum class OnSupervisorDeath { RunnersGoOn, RunnersEnd };

struct ZygoteOptions {
  /// Once, before the first fork: what all runners need in memory (the component registry).
  std::function<void()> warm_up;
  /// The body of a runner; its return value is the exit code.
  std::function<int(const std::string& directory, ControlChannel control)> runner_main;
  OnSupervisorDeath on_supervisor_death = OnSupervisorDeath::RunnersGoOn;
};

struct ZygoteReport {
  enum class Kind { Started, NotStarted, Exited };
  Kind kind = Kind::Started;
  pid_t pid = -1;
  std::string identity;   // Started: "pid starttime bootid"
  io::Fd pidfd;           // Started
  std::string directory;  // Started, NotStarted
  int wait_status = 0;    // Exited: as waitpid gives it
  std::string error;      // NotStarted
};

class Zygote {
 public:
  static Result<Zygote> fork_off(const ZygoteOptions& options);
  Zygote(Zygote&& other) noexcept;
  Zygote& operator=(Zygote&&) = delete;
  /// Lets the zygote end and reaps it.
  ~Zygote();

  /// Asks for a runner for the lease in `directory`; Started or NotStarted follows.
  Result<void> start(const std::string& directory, ControlChannel runner_end);
  /// Readable when receive() has something.
  int fd() const { return socket_.get(); }
  /// Never blocks; empty: nothing there. Unavailable: the zygote is gone.
  Result<std::optional<ZygoteReport>> receive();
  pid_t pid() const { return pid_; }

 private:
  Zygote(io::Fd socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}
  io::Fd socket_;
  pid_t pid_ = -1;
};

}  // namespace farm::agent
