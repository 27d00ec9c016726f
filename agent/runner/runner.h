// Runner: runs the one job of a lease from its offer file to its result file, in a process of its
// own that the zygote forked. It talks to nobody but the lease directory and the control channel;
// the build itself runs on the process's main thread.
#pragma once

#include <string>

#include "agent/spool/control_channel.h"
#include "agent/spool/lease_directory.h"
#include "builders/core/registry.h"
#include "common/plan/schema.h"

namespace farm::agent {

/// The same for all runners of a supervisor.
struct RunnerOptions {
  std::string cache_directory;  // shared download cache; absolute
  Durability durability = Durability::Synced;
};

/// Runs the lease in `directory`, or reaps it when it is marked so: SIGTERM and SIGINT cancel it. Returns the exit code of the
/// process: 0 when a result file was written, whatever the outcome of the build.
int run_lease(const std::string& directory, ControlChannel control, const RunnerOptions& options,
              const builders::Registry& registry, const plan::ComponentCatalog& catalog);

}  // namespace farm::agent
