// LIBS: farm_common_audit
// An exported audit log, line by line: it is refused or verifies, and what was read is written as
// a line that reads the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/audit/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  farm::audit::Verifier verifier;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const auto entry = farm::audit::decode(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!entry) continue;
    (void)verifier.feed(*entry);
    const auto again = farm::audit::decode(farm::audit::encode(*entry));
    if (!again || farm::audit::digest_of(*again) != farm::audit::digest_of(*entry)) std::abort();
  }
  return 0;
}
