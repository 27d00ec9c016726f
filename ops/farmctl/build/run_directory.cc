#include "ops/farmctl/build/run_directory.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ledger/sweep.h"
#include "agent/spool/lease_directory.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::farmctl {
namespace {

constexpr std::string_view kUnfinished = ".new-";

std::vector<std::string> names_in(const std::string& path) {
  const auto close_directory = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close_directory)> directory(::opendir(path.c_str()),
                                                                  close_directory);
  std::vector<std::string> names;
  if (!directory) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return io::make_directories(path, 0700);
}

Result<void> hand_over(const agent::LeaseDirectory& lease, const std::string& adopt_into) {
  TRY(lease.mark_orphaned());
  const std::string to = adopt_into + "/" + lease.name();
  if (::rename(lease.path().c_str(), to.c_str()) == 0) return {};
  return system_error("rename " + lease.path(), errno);
}

// Whether nothing of the lease ties its run any more.
bool sweep_lease(const agent::LeaseDirectory& lease, const std::string& adopt_into,
                 std::vector<std::string>& notes) {
  const std::string identity = lease.identity();
  if (!identity.empty()) {
    const Result<void> killed = agent::kill_by_identity(identity);
    if (!killed) notes.push_back(killed.error().message);
  }
  agent::kill_lease_processes(lease.name());
  const Result<wire::JobResult> result = lease.result();
  const bool succeeded = result && result->outcome == wire::Outcome::Succeeded;
  const Result<agent::SweepReport> report = agent::sweep(
      lease.ledger(), succeeded ? agent::JobEnd::Succeeded : agent::JobEnd::Otherwise);
  if (!report) {
    notes.push_back(report.error().message);
    return false;
  }
  for (const Error& failure : report->failures) notes.push_back(failure.message);
  for (const agent::OpenResource& resource : report->foreign) {
    notes.push_back("A killed build left " + resource.kind + " " + resource.name +
                    (resource.id.empty() ? "" : " (" + resource.id + ")") + "; removing it.");
  }
  if (report->foreign.empty()) return report->clean();
  const Result<void> handed = hand_over(lease, adopt_into);
  if (!handed) notes.push_back(handed.error().message);
  return handed.has_value();
}

bool any_must_stay(const std::string& leases) {
  for (const std::string& name : names_in(leases)) {
    const agent::LeaseDirectory lease(leases + "/" + name);
    if (lease.kept() || lease.orphaned()) return true;
  }
  return false;
}

}  // namespace

Result<RunDirectory> RunDirectory::create(const std::string& state, Random& random) {
  const std::string runs = state + "/runs";
  TRY(make_directory(runs));
  TRY(make_directory(state + "/journals"));
  const std::string id = random.word(12);
  // Built under another name: a run without its lock would look dead to others.
  const std::string unfinished = runs + "/" + std::string(kUnfinished) + id;
  if (::mkdir(unfinished.c_str(), 0700) != 0) {
    return system_error("create " + unfinished, errno);
  }
  io::Fd lock = TRY(io::open_file(unfinished + "/lock", O_RDWR | O_CREAT, 0600));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return system_error("lock run", errno);
  TRY(make_directory(unfinished + "/leases"));
  const std::string path = runs + "/" + id;
  if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    return system_error("rename " + unfinished, errno);
  }
  return RunDirectory(path, state + "/journals/" + id + ".journal", std::move(lock));
}

Result<void> RunDirectory::remove() const {
  if (any_must_stay(leases())) return {};
  return io::remove_tree(path_);
}

std::vector<std::string> sweep_dead_runs(const std::string& state,
                                         const std::string& adopt_into) {
  std::vector<std::string> notes;
  const std::string runs = state + "/runs";
  for (const std::string& run : names_in(runs)) {
    if (run.starts_with(kUnfinished)) continue;
    const std::string path = runs + "/" + run;
    const Result<io::Fd> lock = io::open_file(path + "/lock", O_RDWR);
    if (!lock || ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) continue;
    bool clean = true;
    for (const std::string& name : names_in(path + "/leases")) {
      const agent::LeaseDirectory lease(path + "/leases/" + name);
      if (lease.kept() || !agent::lease_from_name(name) || !sweep_lease(lease, adopt_into, notes)) {
        clean = false;
      }
    }
    if (!clean) continue;
    const Result<void> removed = io::remove_tree(path);
    if (!removed) notes.push_back(removed.error().message);
  }
  return notes;
}

}  // namespace farm::farmctl
