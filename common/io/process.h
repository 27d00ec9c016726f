// Process: a child program started by argument list (never through a shell by itself), with pipes,
// its own process group, death with its parent and waits that have deadlines. run_program() is the
// usual way in; Process is for children that live on beside the caller (qemu, swtpm).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::io {

enum class Stream { Inherit, Null, Pipe, File };

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it has a slash
  /// The child's variables and the PATH for the lookup; empty: those of this process.
  std::optional<std::map<std::string, std::string>> environment;
  std::string directory;  // working directory; empty: this process's
  Stream standard_input = Stream::Null;
  Stream standard_output = Stream::Pipe;
  Stream standard_error = Stream::Pipe;
  /// What every output set to Stream::File is appended to.
  std::string output_file;
  /// Descriptors the child keeps, under the same numbers.
  std::vector<int> inherit;
  /// Joins both streams into standard_output, in the order they were written.
  bool merge_output = false;
  /// A process group of its own: kill() then reaches its children too.
  bool own_process_group = false;
  /// SIGKILL when the *thread* that spawned it ends (the kernel's rule, not only the process): so
  /// spawn from a thread that lives as long as the child should.
  bool die_with_parent = false;
};

/// How a child ended: an exit status, or 128 + n when signal n ended it.
struct ExitStatus {
  int code = 0;
  int signal = 0;  // 0: exited by itself
  bool success() const { return code == 0; }
  std::string text() const;  // "exit status 1", "killed by signal 9"
};

class Process {
 public:
  /// NotFound when there is no such program; the error names argv[0].
  static Result<Process> spawn(const SpawnOptions& options);
  Process(Process&&) noexcept = default;
  /// Must not be assigned over a running child (FARM_CHECK).
  Process& operator=(Process&& other) noexcept;
  /// Kills and reaps a child that still runs.
  ~Process();

  pid_t pid() const { return pid_; }
  /// Becomes readable when the child ends; for poll(). Owned by the object.
  int exit_fd() const { return pidfd_.get(); }
  /// Our ends of the pipes; invalid where no pipe was asked for.
  Fd& standard_input() { return stdin_; }
  Fd& standard_output() { return stdout_; }
  Fd& standard_error() { return stderr_; }

  /// Reaps if ended; never blocks.
  std::optional<ExitStatus> poll();
  /// Timeout or Cancelled leave the child running.
  Result<ExitStatus> wait(Instant deadline, const CancelToken& cancel);
  /// Sends `signal` to the child, or to its whole group if it has one. No-op after the end.
  void kill(int signal);
  /// SIGTERM, and SIGKILL when that did not end it within `grace`; reaps.
  ExitStatus stop(Duration grace);
  /// Lets the child run on without this object: from now on it is nobody's here.
  void leave_running();
  /// "pid starttime bootid": names this process and no later one with the same number.
  std::string identity() const;

 private:
  Process() = default;
  struct PidHolder {  // moves leave -1 behind
    pid_t value = -1;
    PidHolder() = default;
    PidHolder(PidHolder&& other) noexcept : value(std::exchange(other.value, -1)) {}
    PidHolder& operator=(PidHolder&& other) noexcept {
      value = std::exchange(other.value, -1);
      return *this;
    }
    operator pid_t() const { return value; }  // NOLINT
  };
  PidHolder pid_;
  Fd pidfd_;
  Fd stdin_;
  Fd stdout_;
  Fd stderr_;
  bool own_group_ = false;
  std::optional<ExitStatus> ended_;
};

/// Identity of any running process in Process::identity()'s form; empty when there is none.
std::string process_identity(pid_t pid);

using ByteSink = std::function<void(std::string_view bytes)>;

struct RunOptions {
  SpawnOptions spawn;
  std::string input;     // given on standard input, then closed (only if not empty)
  ByteSink on_stdout;    // every piece as it comes; empty: kept in Finished
  ByteSink on_stderr;
  Duration deadline = std::chrono::hours(24);
  size_t keep_bytes = 4U << 20;  // of each stream, the last ones
};

struct Finished {
  ExitStatus status;
  std::string standard_output;
  std::string standard_error;
};

/// Runs to the end. Past the deadline or when cancelled, the child (its group) is killed and the
/// error is Timeout or Cancelled. A non-zero status is not an error here.
Result<Finished> run_program(const RunOptions& options, const CancelToken& cancel);
/// As run_program, but a non-zero status is an error that carries the last lines of stderr.
Result<Finished> run_program_checked(const RunOptions& options, const CancelToken& cancel);

/// Absolute path of a program in PATH (or `name` itself when it has a slash); empty when absent.
std::optional<std::string> find_program(const std::string& name, const Environment& environment);

/// The last `count` non-empty lines, joined with newlines: for error messages.
std::string last_lines(std::string_view text, size_t count);

}  // namespace farm::io
