// run_piped(): a program whose standard input and output are streams of ours that need not fit in
// memory: a command in a container, an archive into or out of one.
#pragma once

#include "builders/core/communicator.h"
#include "common/base/clock.h"
#include "common/io/process.h"

namespace farm::builders::docker {

struct PipedProgram {
  io::SpawnOptions spawn;
  /// Empty: standard input is empty.
  InputSource input;
  OutputSink on_stdout;
  OutputSink on_stderr;
  Duration deadline = std::chrono::hours(24);
};

/// Runs to the end. Past the deadline or when cancelled, the program is killed and the error is
/// Timeout or Cancelled.
Result<io::ExitStatus> run_piped(const PipedProgram& program, const CancelToken& cancel);

}  // namespace farm::builders::docker
