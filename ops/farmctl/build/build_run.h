// BuildRun: one `farmctl build` from its plan to its exit code: submits the plan to a coordinator
// in this process, lets the supervisor run the jobs, prints, and minds Ctrl-C.
#pragma once

#include <string>

#include "agent/supervisor/zygote.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/plan/plan.h"
#include "ops/farmctl/build/build_output.h"
#include "ops/farmctl/build/run_directory.h"

namespace farm::farmctl {

struct BuildSettings {
  bool force = false;
  bool debug = false;
  bool may_ask = false;  // standard input is a terminal
  std::string on_error = "cleanup";
  uint32_t parallel = 0;  // 0: no limit
  std::string working_directory;
  std::string state;  // absolute
  std::string run_uuid;
};

struct BuildServices {
  const Clock& clock;
  Random& random;
  BuildOutput& output;
};

/// Runs every job of `plan`. True when all succeeded. Error: the run itself could not be held.
/// SIGINT and SIGTERM must be blocked by the caller; they are read from here.
Result<bool> run_builds(const plan::Plan& plan, const BuildSettings& settings,
                        const RunDirectory& directory, agent::Zygote zygote,
                        const BuildServices& services);

}  // namespace farm::farmctl
