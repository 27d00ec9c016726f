// AgentLoop: farm-agent between its start and its end: enrols when it must, forks the zygote, takes
// over what an earlier process left, and moves messages between the coordinator and the session.
#pragma once

#include "agent/agent_options.h"
#include "common/base/environment.h"

namespace farm::agent {

enum class AgentEnd : uint8_t {
  Stop,        // SIGTERM, SIGINT
  StartAgain,  // SIGHUP: the process is to be replaced by the program that its path names now
};

/// Until a signal; runners go on behind it and are taken over by the next start. Must be called
/// before the process has threads.
Result<AgentEnd> run_agent(const AgentOptions& options, const Environment& environment);

}  // namespace farm::agent
