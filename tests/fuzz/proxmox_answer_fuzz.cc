// LIBS: farm_platform_proxmox
// Refusals of a Proxmox server: whatever it says becomes one error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "builders/platforms/proxmox/api_error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm::builders::platform_proxmox;
  farm::net::HttpResponse response;
  response.status = size == 0 ? 500 : 400 + data[0];
  const std::string text(reinterpret_cast<const char*>(data), size);
  response.reason = text.substr(0, size / 4);
  response.body = text.substr(size / 4);
  (void)api_error("POST", "/nodes", "root@pam!farm", response);
  (void)task_error("imgcopy", text);
  return 0;
}
