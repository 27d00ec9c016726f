// Which options of components name files of the user's machine, and collecting them from a plan.
// farmctl does it over its disk; the coordinator over what farmctl found there.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.h"

namespace farm::plan {

/// What is there under an absolute path: itself, what the pattern in it fits, or nothing.
using PathProbe = std::function<std::vector<std::string>(const std::string& absolute)>;
PathProbe disk_probe();

/// Absolute paths of the existing files and folders that the job's options name; patterns are
/// expanded. Absolute and ~ paths in the configs are rewritten relative to `here`, so that they
/// mean the same in a copy of the bundle.
std::vector<std::string> take_named_files(JobSpec& job, const std::string& here,
                                          const std::string& home, const PathProbe& probe);

}  // namespace farm::plan
