#include "agent/ledger/sweep.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::agent {
namespace {

constexpr int kKillWaitMs = 10'000;

pid_t leading_pid(std::string_view text) {
  pid_t pid = -1;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

Result<void> remove_resource(const OpenResource& resource) {
  if (resource.kind == builders::resource_kind::kPath) {
    if (resource.name.empty() || resource.name[0] != '/' || resource.name == "/") {
      return invalid_input("ledger names no absolute path: '" + resource.name + "'");
    }
    return io::remove_tree(resource.name);
  }
  // A process without a bound id was never started, or died with its runner's group.
  return resource.id.empty() ? Result<void>{} : kill_by_identity(resource.id);
}

}  // namespace

bool is_local_kind(const std::string& kind) {
  return kind == builders::resource_kind::kPath || kind == builders::resource_kind::kProcess;
}

Result<void> kill_by_identity(const std::string& identity) {
  const pid_t pid = leading_pid(identity);
  if (pid <= 1) return invalid_input("'" + identity + "' is no process identity");
  const io::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    if (errno == ESRCH) return {};
    return system_error("pidfd_open " + std::to_string(pid), errno);
  }
  // Compared after the descriptor is held: it cannot come to mean another process any more.
  if (io::process_identity(pid) != identity) return {};
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
    return system_error("kill " + std::to_string(pid), errno);
  }
  pollfd waiter{pidfd.get(), POLLIN, 0};
  if (::poll(&waiter, 1, kKillWaitMs) > 0) return {};
  return timed_out("process " + std::to_string(pid) + " did not end after SIGKILL");
}

size_t kill_lease_processes(std::string_view lease) {
  const std::string wanted = std::string(kLeaseVariable) + "=" + std::string(lease);
  const auto close_directory = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close_directory)> proc(::opendir("/proc"), close_directory);
  if (!proc) return 0;
  size_t killed = 0;
  while (const dirent* entry = ::readdir(proc.get())) {
    const pid_t pid = leading_pid(static_cast<const char*>(entry->d_name));
    if (pid <= 1 || pid == ::getpid()) continue;
    const std::string path = "/proc/" + std::to_string(pid) + "/environ";
    Result<io::Fd> file = io::open_file(path, O_RDONLY);
    if (!file) continue;  // ended, or not ours to read
    std::string environment(1U << 20, '\0');
    const Result<size_t> got = io::read_some(file->get(), environment.data(), environment.size());
    if (!got) continue;
    environment.resize(*got);
    // Entries are separated by NUL; compare whole ones.
    const std::string framed = std::string(1, '\0') + environment + std::string(1, '\0');
    if (framed.find(std::string(1, '\0') + wanted + std::string(1, '\0')) == std::string::npos) {
      continue;
    }
    if (kill_by_identity(io::process_identity(pid)).has_value()) ++killed;
  }
  return killed;
}

Result<SweepReport> sweep(const std::string& path, JobEnd end) {
  FileLedger ledger = TRY(FileLedger::open(path));
  SweepReport report;
  const std::vector<OpenResource> open = ledger.open_resources();
  for (auto resource = open.rbegin(); resource != open.rend(); ++resource) {
    if (resource->kept && end == JobEnd::Succeeded) {
      TRY(ledger.gone(resource->intent));
      continue;
    }
    if (!is_local_kind(resource->kind)) {
      report.foreign.push_back(*resource);
      continue;
    }
    Result<void> removed = remove_resource(*resource);
    if (removed) removed = ledger.gone(resource->intent);
    if (removed) {
      ++report.removed;
    } else {
      report.failures.push_back(
          std::move(removed).error().within("sweep " + resource->kind + " " + resource->name));
    }
  }
  return report;
}

}  // namespace farm::agent
