// LIBS: farm_coordinator_access
// Records of users and tokens as the store gives them back.
#include <cstdint>
#include <string>

#include "coordinator/access/access.h"
#include "coordinator/access/audit_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const char* key : {"user/x", "token/x"}) {
    const auto table = farm::coordinator::AccessTable::load({{key, bytes}});
    if (!table) continue;
    for (const auto& user : (*table)->users()) (void)(*table)->authenticate(user.public_key, {});
  }
  (void)farm::coordinator::AuditLog::resume(bytes);
  return 0;
}
