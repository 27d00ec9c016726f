// The zygote's own process: waits for requests on its socket, forks runners, reaps them and kills
// what they leave behind. Runs until the supervisor's end of the socket is closed.
#pragma once

#include "agent/supervisor/zygote.h"

namespace farm::agent {

/// Called in the forked child. Owns `socket`; returns the exit code of the zygote.
int run_zygote(int socket, const ZygoteOptions& options);

}  // namespace farm::agent
