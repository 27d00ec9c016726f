// RunDirectory: the files of one `farmctl build` below the user's state directory, held by a lock
// that dies with the last process of the run. A run whose lock is free was killed: the next build
// sweeps what its ledgers list.
#pragma once

#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::farmctl {

class RunDirectory {
 public:
  static Result<RunDirectory> create(const std::string& state, Random& random);
  RunDirectory(RunDirectory&&) noexcept = default;
  RunDirectory& operator=(RunDirectory&&) noexcept = default;

  const std::string& path() const { return path_; }
  std::string leases() const { return path_ + "/leases"; }
  /// Where the run's journal goes; it outlives the directory until readers merge it.
  const std::string& journal() const { return journal_; }
  /// Removes the directory unless a lease was kept on purpose (-on-error=abort) or has resources
  /// at a provider that could not be removed yet.
  Result<void> remove() const;

 private:
  RunDirectory(std::string path, std::string journal, io::Fd lock)
      : path_(std::move(path)), journal_(std::move(journal)), lock_(std::move(lock)) {}
  std::string path_;
  std::string journal_;
  io::Fd lock_;  // inherited by zygote and runners
};

/// Sweeps the runs of `state` that nobody holds. Leases that still own resources at a provider move
/// to `adopt_into`, where a supervisor has them reaped. One sentence per thing a person should know.
std::vector<std::string> sweep_dead_runs(const std::string& state, const std::string& adopt_into);

}  // namespace farm::farmctl
