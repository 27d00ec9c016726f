// LIBS: farm_agent_options
// The agent's configuration file.
#include <cstdint>

#include "agent/agent_options.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const farm::fuzz::MemoryFile file(data, size);
  const auto options = farm::agent::parse_agent_options({"--config", file.path()});
  if (options) (void)farm::agent::endpoint_beside(options->coordinator, 1);
  return 0;
}
