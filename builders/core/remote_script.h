// Running a script in a machine that may be restarting: the patience, the streams and the exit codes
// that shell, powershell, windows-shell and their kin share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "builders/core/build_context.h"

namespace farm::builders {

/// Calls `attempt` until it succeeds; again every 2 s for `patience` while it fails, which it does
/// as long as the machine is down. InvalidInput, and a cancelled build, end it at once.
Result<void> retry_for(BuildContext& context, Duration patience,
                       const std::function<Result<void>()>& attempt);

/// Runs `command` with its output to the Ui: standard output as messages, standard error as errors.
Result<int> run_to_ui(BuildContext& context, const std::string& command);

/// Error unless the script ended as it may: a disconnect only if `disconnect_expected` or its code
/// is in `valid`. `component` is named in the advice.
Result<void> check_script_status(int status, const std::vector<int64_t>& valid,
                                 bool disconnect_expected, const char* component);

}  // namespace farm::builders
