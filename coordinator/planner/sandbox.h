// Sandbox: what the planner does to itself before it reads a word of a foreign template: limits on
// memory and processor time, and a filter of system calls that leaves it reading its input, writing
// its answer, taking memory and ending.
#pragma once

#include <cstdint>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::coordinator {

struct SandboxLimits {
  uint64_t memory_bytes = 1ULL << 30;       // address space
  Duration cpu_time = std::chrono::seconds(10);
};

/// No way back. Opening anything fails from now on (the caller is told, as of a file that may not be
/// read); a socket, a process, a program or another way out ends this process at once by SIGSYS.
Result<void> enter_sandbox(const SandboxLimits& limits);

}  // namespace farm::coordinator
