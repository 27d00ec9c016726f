// The shutdown_command over the communicator: its exit status and even its connection may be lost,
// what counts is that the machine ends in time.
#pragma once

#include "builders/core/build_context.h"
#include "builders/steps/shutdown_options.h"

namespace farm::builders::steps {

/// Runs the command and streams its output. `exit_fd` (-1: none) readable = the machine is off,
/// which ends the wait. Ok also when the connection broke; Timeout after options.timeout.
Result<void> run_shutdown_command(BuildContext& context, const ShutdownOptions& options,
                                  int exit_fd);

}  // namespace farm::builders::steps
