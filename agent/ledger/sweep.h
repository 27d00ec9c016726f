// sweep: removes what the ledger of a dead build still lists. Local kinds (paths, processes) are
// removed here; kinds of a provider need its credential and are handed back to the caller. Every
// removal is verified and idempotent, so a sweep that was itself killed is simply repeated.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/ledger/file_ledger.h"
#include "common/base/clock.h"

namespace farm::agent {

struct SweepReport {
  size_t removed = 0;
  std::vector<OpenResource> foreign;  // kinds that only a platform can remove
  std::vector<Error> failures;        // still open; the next sweep tries again
  bool clean() const { return foreign.empty() && failures.empty(); }
};

/// What became of the job: the artifact of one that succeeded stays and leaves the ledger.
enum class JobEnd { Succeeded, Otherwise };

/// Sweeps the ledger file at `path`, newest resource first. A missing file is a clean sweep.
Result<SweepReport> sweep(const std::string& path, JobEnd end = JobEnd::Otherwise);

/// Whether sweep() removes resources of this kind itself.
bool is_local_kind(const std::string& kind);

/// SIGKILLs the process named by `identity` ("pid starttime bootid") and waits for its end, at
/// most 10 s. A process that is gone or is another one now is success.
Result<void> kill_by_identity(const std::string& identity);

/// SIGKILLs every process whose environment holds FARM_LEASE=`lease`, except the caller: what a
/// dead runner's children left behind when they changed session and group. Returns how many.
size_t kill_lease_processes(std::string_view lease);

/// Variable that marks every descendant of a runner.
inline constexpr const char* kLeaseVariable = "FARM_LEASE";

}  // namespace farm::agent
