// farm-agent: runs the jobs that a coordinator leases to this machine.
#include <cstdio>
#include <exception>

#include "agent/agent_loop.h"
#include "agent/agent_options.h"
#include "common/base/log.h"

int main(int argc, char** argv) {
  try {
    const farm::Result<farm::agent::AgentOptions> options =
        farm::agent::parse_agent_options({argv + 1, argv + argc});
    if (!options) {
      std::fprintf(stderr, "farm-agent: %s\n\n%s", options.error().message.c_str(),
                   farm::agent::agent_usage().c_str());
      return 2;
    }
    if (options->help) {
      std::fputs(farm::agent::agent_usage().c_str(), stdout);
      return 0;
    }
    const farm::Environment environment = farm::Environment::of_process();
    const farm::Result<void> done = farm::agent::run_agent(*options, environment);
    if (done) return 0;
    farm::log::error("farm-agent ends", {{"error", done.error().message}});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "farm-agent: internal error: %s\n", error.what());
  }
  return 1;
}
