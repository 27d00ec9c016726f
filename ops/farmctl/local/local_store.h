// LocalStore: what the runs of `farmctl build` on this machine recorded: their journals merged into
// one database below the state directory, under a short lock.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::farmctl {

/// Merges the journals of runs that have ended; `problems` names those that cannot be read. Timeout:
/// another reader holds the store. A state directory without runs is no error.
Result<void> merge_runs(const std::string& state, const Clock& clock,
                        std::vector<std::string>& problems);

/// merge_runs(), then the answer to a query as a coordinator would give it (coordinator/api).
Result<std::string> ask_local_store(const std::string& state, const std::string& what,
                                    std::map<std::string, std::string> arguments,
                                    const Clock& clock, std::vector<std::string>& problems);

}  // namespace farm::farmctl
