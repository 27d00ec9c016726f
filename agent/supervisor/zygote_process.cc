#include "agent/supervisor/zygote_process.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <set>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/spool/lease_directory.h"
#include "agent/supervisor/packet.h"
#include "common/base/log.h"
#include "common/io/process.h"

namespace farm::agent {
namespace {

class ZygoteProcess {
 public:
  ZygoteProcess(io::Fd socket, const ZygoteOptions& options)
      : socket_(std::move(socket)), options_(options) {}

  int run() {
    if (!become_zygote()) return 1;
    if (options_.warm_up) options_.warm_up();
    while (true) {
      pollfd waiters[2] = {{socket_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}};
      // Nothing to do without an event; the end of the supervisor is one.
      if (::poll(waiters, 2, -1) < 0 && errno != EINTR) return 1;
      if (waiters[1].revents != 0) reap();
      if (waiters[0].revents != 0 && !serve()) return 0;
    }
  }

 private:
  bool become_zygote() {
    ::prctl(PR_SET_NAME, "farm-zygote");
    // A group of its own: the terminal's Ctrl-C is the supervisor's to handle.
    ::setpgid(0, 0);
    // Orphans of a dead runner come here instead of to init, where nobody would end them.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const io::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (null.valid()) ::dup2(null.get(), STDIN_FILENO);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &set, &inherited_mask_);
    children_ = io::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    own_pid_ = ::getpid();
    return children_.valid();
  }

  // False when the supervisor is gone.
  bool serve() {
    while (true) {
      Result<std::optional<Packet>> packet = receive_packet(socket_.get());
      if (!packet) return false;
      if (!*packet) return true;
      start((*packet)->text, ControlChannel(std::move((*packet)->descriptor)));
    }
  }

  void start(const std::string& directory, ControlChannel control) {
    const pid_t pid = ::fork();
    if (pid == 0) become_runner(directory, std::move(control));
    if (pid < 0) {
      report("failed\n" + system_error("fork runner", errno).message + "\n" + directory, -1);
      return;
    }
    ::setpgid(pid, pid);  // both sides do it: whoever comes first
    runners_[pid] = directory;
    // Neither can mean another process: we have not reaped it.
    const io::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    const std::string identity = io::process_identity(pid);
    const Result<void> noted = LeaseDirectory(directory).write_identity(identity);
    if (!noted) log::warn("runner identity not written", {{"error", noted.error().message}});
    report("started\n" + identity + "\n" + directory, pidfd.get());
  }

  [[noreturn]] void become_runner(const std::string& directory, ControlChannel control) {
    socket_.reset();
    children_.reset();
    ::prctl(PR_SET_NAME, "farm-runner");
    ::setpgid(0, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (options_.on_supervisor_death == OnSupervisorDeath::RunnersEnd) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != own_pid_) ::raise(SIGTERM);
    }
    ::sigprocmask(SIG_SETMASK, &inherited_mask_, nullptr);
    ::_exit(options_.runner_main(directory, std::move(control)));
  }

  void reap() {
    signalfd_siginfo drained[16];
    while (::read(children_.get(), drained, sizeof drained) > 0) {
    }
    while (true) {
      siginfo_t ended{};
      // First only looked at: while the dead runner keeps its pid, its group is no other's.
      if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
      const auto runner = runners_.find(ended.si_pid);
      const bool known = runner != runners_.end();
      const bool kept = known && LeaseDirectory(runner->second).kept();
      if (known && !kept) ::kill(-ended.si_pid, SIGKILL);
      int status = 0;
      if (::waitpid(ended.si_pid, &status, 0) < 0) return;
      spared_.erase(ended.si_pid);
      if (!known) continue;
      runners_.erase(runner);
      handle_orphans(kept);
      report("exited\n" + std::to_string(ended.si_pid) + "\n" + std::to_string(status), -1);
    }
  }

  // Children of ours that are no runners were left by a dead one, perhaps in other groups.
  void handle_orphans(bool keep) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/children", static_cast<int>(own_pid_));
    const Result<io::Fd> file = io::open_file(path, O_RDONLY);
    if (!file) return;  // a kernel without this list: groups and the lease variable remain
    char text[4096];
    const Result<size_t> got = io::read_some(file->get(), text, sizeof text);
    if (!got) return;
    const char* at = text;
    const char* const end = text + *got;
    while (at < end) {
      pid_t pid = 0;
      const auto parsed = std::from_chars(at, end, pid);
      if (parsed.ec != std::errc()) return;
      at = parsed.ptr + 1;
      if (runners_.contains(pid) || spared_.contains(pid)) continue;
      if (keep) {
        spared_.insert(pid);
      } else {
        ::kill(pid, SIGKILL);
      }
    }
  }

  void report(const std::string& text, int descriptor) {
    // A supervisor that is gone shows in serve().
    const Result<void> sent = send_packet(socket_.get(), text, descriptor);
    if (!sent) log::warn("zygote report not sent", {{"error", sent.error().message}});
  }

  io::Fd socket_;
  const ZygoteOptions& options_;
  io::Fd children_;
  sigset_t inherited_mask_{};
  pid_t own_pid_ = -1;
  std::map<pid_t, std::string> runners_;  // pid -> lease directory
  std::set<pid_t> spared_;                // left standing on purpose
};

}  // namespace

int run_zygote(int socket, const ZygoteOptions& options) {
  return ZygoteProcess(io::Fd(socket), options).run();
}

}  // namespace farm::agent
