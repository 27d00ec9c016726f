// Which options of components name files of the user's machine, and collecting them from a plan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.h"

namespace farm::farmctl {

/// Absolute paths of the existing files and folders that the job's options name; patterns are
/// expanded. Absolute and ~ paths in the configs are rewritten relative to `here`, so that they
/// mean the same in a copy of the bundle.
std::vector<std::string> take_named_files(plan::JobSpec& job, const std::string& here,
                                          const std::string& home);

}  // namespace farm::farmctl
