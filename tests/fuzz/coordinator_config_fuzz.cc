// LIBS: farm_coordinator_config
// The coordinator's configuration file.
#include <cstdint>
#include <string>

#include "coordinator/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  farm::Diagnostics diagnostics;
  const auto settings = farm::coordinator::parse_config(
      std::string(reinterpret_cast<const char*>(data), size), "coordinator.hcl", diagnostics);
  farm::coordinator::ServerConfig config;
  (void)farm::coordinator::apply_settings(settings, config);
  return 0;
}
