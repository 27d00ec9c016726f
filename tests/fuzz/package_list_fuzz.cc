// LIBS: farm_provisioner_hcp_sbom
// What a guest says is installed in it.
#include <cstdint>
#include <string_view>

#include "builders/provisioners/hcp_sbom/package_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)farm::builders::provisioner_hcp_sbom::parse_package_list(
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
