// fsck and restore: what is done to a coordinator's data while no coordinator runs on it.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "coordinator/fsck/fsck.h"

namespace farm::farmctl {

/// Checks the data directory `data` of a coordinator, or (without chunks) the store of builds made
/// here. Conflict: a coordinator runs on it.
Result<coordinator::FsckReport> check_data(const std::string& data, bool deep,
                                           const std::function<void(const std::string&)>& progress);

/// "fsck DIR: clean" and its figures, or a line per finding.
std::string report_text(const std::string& data, const coordinator::FsckReport& report);
std::string report_json(const std::string& data, const coordinator::FsckReport& report);

}  // namespace farm::farmctl
