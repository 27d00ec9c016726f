#include "common/io/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io/files.h"

extern char** environ;

namespace farm::io {
namespace {

ExitStatus status_of(int raw) {
  if (WIFSIGNALED(raw)) return {128 + WTERMSIG(raw), WTERMSIG(raw)};
  return {WEXITSTATUS(raw), 0};
}

std::optional<std::string> find_in_path(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) {
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  }
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string folder = path.substr(begin, end - begin);
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0 && !is_directory(candidate)) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

// The child's side of the descriptors; what is not given stays -1 and means "leave as it is".
struct ChildStreams {
  int in = -1;
  int out = -1;
  int err = -1;
};

struct ChildPlan {
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  const char* directory = nullptr;
  ChildStreams streams;
  const int* inherit = nullptr;
  size_t inherit_count = 0;
  bool own_group = false;
  bool die_with_parent = false;
  pid_t parent = 0;
  int error_fd = -1;
};

// Between fork and exec: async-signal-safe calls only, other threads may have held any lock.
[[noreturn]] void become(const ChildPlan& plan) {
  const auto fail = [&] {
    const int error = errno;
    [[maybe_unused]] const ssize_t put = ::write(plan.error_fd, &error, sizeof error);
    ::_exit(127);
  };
  if (plan.own_group && ::setpgid(0, 0) != 0) fail();
  if (plan.die_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail();
    // The parent may have died before the call above took effect.
    if (::getppid() != plan.parent) ::_exit(127);
  }
  const int targets[3] = {plan.streams.in, plan.streams.out, plan.streams.err};
  for (int target = 0; target < 3; ++target) {
    if (targets[target] >= 0 && ::dup2(targets[target], target) < 0) fail();
  }
  for (size_t i = 0; i < plan.inherit_count; ++i) {
    if (::fcntl(plan.inherit[i], F_SETFD, 0) != 0) fail();
  }
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) fail();
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGQUIT}) {
    ::sigaction(signal, &plain, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.argv, plan.envp);
  fail();
  ::_exit(127);
}

// dup2 onto 0..2 must not overwrite a source that sits there already.
Result<void> lift(Fd& fd) {
  if (!fd.valid() || fd.get() > 2) return {};
  const int moved = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  if (moved < 0) return system_error("dup", errno);
  fd = Fd(moved);
  return {};
}

struct StreamEnds {
  Fd ours;
  Fd childs;
};

Result<StreamEnds> open_stream(Stream kind, bool child_reads, const std::string& file) {
  StreamEnds ends;
  if (kind == Stream::File && !child_reads) {
    ends.childs = TRY(open_file(file, O_WRONLY | O_CREAT | O_APPEND, 0644));
  }
  if (kind == Stream::Null) {
    ends.childs = TRY(open_file("/dev/null", child_reads ? O_RDONLY : O_WRONLY));
  } else if (kind == Stream::Pipe) {
    Pipe pipe = TRY(make_pipe());
    ends.childs = std::move(child_reads ? pipe.read : pipe.write);
    ends.ours = std::move(child_reads ? pipe.write : pipe.read);
    TRY(lift(ends.ours));
  }
  TRY(lift(ends.childs));
  return ends;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> assignments(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> list;
  for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
  return list;
}

std::string path_variable(const SpawnOptions& options) {
  if (options.environment) {
    const auto found = options.environment->find("PATH");
    return found == options.environment->end() ? kDefaultPath : found->second;
  }
  const char* path = ::getenv("PATH");  // NOLINT: the child's own lookup, as execvp would do it
  return path == nullptr ? kDefaultPath : path;
}

// The errno the child wrote when it could not become the program; 0 when it did.
int exec_errno(int fd) {
  int error = 0;
  while (true) {
    const ssize_t got = ::read(fd, &error, sizeof error);
    if (got < 0 && errno == EINTR) continue;
    return got == static_cast<ssize_t>(sizeof error) ? error : 0;
  }
}

}  // namespace

std::string ExitStatus::text() const {
  return signal != 0 ? "killed by signal " + std::to_string(signal)
                     : "exit status " + std::to_string(code);
}

Result<Process> Process::spawn(const SpawnOptions& options) {
  if (options.argv.empty()) return invalid_input("no program given");
  const auto program = find_in_path(options.argv.front(), path_variable(options));
  if (!program) return not_found("program not found: " + options.argv.front());
  StreamEnds in = TRY(open_stream(options.standard_input, true, {}));
  StreamEnds out = TRY(open_stream(options.standard_output, false, options.output_file));
  StreamEnds err;
  if (!options.merge_output) {
    err = TRY(open_stream(options.standard_error, false, options.output_file));
  }
  Pipe status = TRY(make_pipe());
  TRY(lift(status.read));
  TRY(lift(status.write));

  const std::vector<char*> argv = pointers(options.argv);
  std::vector<std::string> variables;
  if (options.environment) variables = assignments(*options.environment);
  const std::vector<char*> envp = pointers(variables);

  ChildPlan plan;
  plan.program = program->c_str();
  plan.argv = argv.data();
  plan.envp = options.environment ? envp.data() : environ;
  plan.directory = options.directory.empty() ? nullptr : options.directory.c_str();
  plan.streams = {in.childs.get(), out.childs.get(),
                  options.merge_output ? out.childs.get() : err.childs.get()};
  plan.inherit = options.inherit.data();
  plan.inherit_count = options.inherit.size();
  plan.own_group = options.own_process_group;
  plan.die_with_parent = options.die_with_parent;
  plan.parent = ::getpid();
  plan.error_fd = status.write.get();
  if (options.merge_output && !out.childs.valid()) plan.streams.err = 1;

  const pid_t pid = ::fork();
  if (pid < 0) return system_error("fork", errno);
  if (pid == 0) become(plan);
  // Also from here, so that a kill() right after spawn() finds the group.
  if (options.own_process_group) ::setpgid(pid, pid);
  Process process;
  process.pid_.value = pid;
  process.own_group_ = options.own_process_group;
  status.write.reset();
  if (const int error = exec_errno(status.read.get()); error != 0) {
    ::waitpid(pid, nullptr, 0);
    process.pid_.value = -1;
    return system_error("start " + options.argv.front(), error);
  }
  // The wrapper of glibc 2.36 is not declared extern "C".
  process.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.pidfd_.valid()) return system_error("pidfd_open", errno);  // kills it on the way
  process.stdin_ = std::move(in.ours);
  process.stdout_ = std::move(out.ours);
  process.stderr_ = std::move(err.ours);
  return process;
}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  FARM_CHECK(pid_ < 0 || ended_.has_value());
  pid_ = std::move(other.pid_);
  pidfd_ = std::move(other.pidfd_);
  stdin_ = std::move(other.stdin_);
  stdout_ = std::move(other.stdout_);
  stderr_ = std::move(other.stderr_);
  own_group_ = other.own_group_;
  ended_ = other.ended_;
  return *this;
}

Process::~Process() {
  if (pid_ < 0 || ended_) return;
  kill(SIGKILL);
  int raw = 0;
  while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
  }
}

std::optional<ExitStatus> Process::poll() {
  if (ended_ || pid_ < 0) return ended_;
  int raw = 0;
  pid_t got = -1;
  while ((got = ::waitpid(pid_, &raw, WNOHANG)) < 0 && errno == EINTR) {
  }
  if (got == 0) return std::nullopt;
  // -1: somebody else reaped it (SIGCHLD ignored); the status is lost.
  ended_ = got < 0 ? ExitStatus{255, 0} : status_of(raw);
  return ended_;
}

Result<ExitStatus> Process::wait(Instant deadline, const CancelToken& cancel) {
  while (true) {
    if (const auto status = poll()) return *status;
    switch (wait_ready(pidfd_.get(), 1 /* POLLIN */, deadline, cancel)) {
      case Readiness::Ready: continue;
      case Readiness::Cancelled: return cancelled("cancelled");
      case Readiness::Deadline: return timed_out("the program did not end in time");
    }
  }
}

void Process::kill(int signal) {
  if (pid_ < 0 || ended_) return;
  if (own_group_ && ::kill(-pid_, signal) == 0) return;
  ::kill(pid_, signal);
}

ExitStatus Process::stop(Duration grace) {
  if (const auto status = poll()) return *status;
  kill(SIGTERM);
  const Result<ExitStatus> ended = wait(steady_now() + grace, CancelToken());
  if (ended) return *ended;
  kill(SIGKILL);
  // Only a process in uninterruptible sleep can outlast this.
  const Result<ExitStatus> killed = wait(steady_now() + std::chrono::seconds(30), CancelToken());
  return killed ? *killed : ExitStatus{137, SIGKILL};
}

void Process::leave_running() {
  pid_.value = -1;
  pidfd_.reset();
}

std::string Process::identity() const { return pid_ < 0 ? "" : process_identity(pid_); }

std::string process_identity(pid_t pid) {
  const Result<std::string> stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const Result<std::string> boot = read_file("/proc/sys/kernel/random/boot_id");
  if (!stat || !boot) return "";
  // Field 22; the command name in brackets may hold blanks, so count behind the last bracket.
  size_t at = stat->rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) {
    at = stat->find(' ', at + 1);
  }
  if (at == std::string::npos) return "";
  const std::string start = stat->substr(at + 1, stat->find(' ', at + 1) - at - 1);
  return std::to_string(pid) + " " + start + " " + boot->substr(0, boot->find('\n'));
}

std::optional<std::string> find_program(const std::string& name,
                                        const Environment& environment) {
  return find_in_path(name, environment.get_or("PATH", kDefaultPath));
}

}  // namespace farm::io
