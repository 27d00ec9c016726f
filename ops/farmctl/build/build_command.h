// The verb `build`: reads the command line, plans, and hands the plan to run_builds(). Flags,
// output and exit codes are Packer's.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/environment.h"

namespace farm::farmctl {

/// `words`: what stands behind the program's name, "build" and -machine-readable among them. Must
/// be called before the process has threads: the zygote is forked from it. Returns the exit code.
int run_build_command(std::vector<std::string> words, const Environment& environment,
                      const Clock& clock);

}  // namespace farm::farmctl
