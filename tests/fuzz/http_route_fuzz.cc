// LIBS: farm_coordinator_http
// Paths of the HTTP API: whatever they are, they lead to a route of the table or to none.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "coordinator/http/routes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& path : {text, "/api/v1/builds/" + text, "/api/v1/agents/" + text + "/drain"}) {
    for (const char* method : {"GET", "POST"}) {
      const auto routed = farm::coordinator::find_route(method, path, {});
      if (!routed) continue;
      for (const auto& [name, value] : routed->arguments) {
        if (value.empty() || value == ".." || value.find('/') != std::string::npos) std::abort();
      }
    }
  }
  return 0;
}
