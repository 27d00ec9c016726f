// LIBS: farm_platform_vmware
// VMX files and DHCP leases may hold anything: reading them must end, and what a VMX file was read as
// must be read the same once it was written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "builders/platforms/vmware/dhcp_leases.h"
#include "builders/platforms/vmware/vmx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  using farm::builders::vmware::Vmx;
  const Vmx vmx = Vmx::parse(bytes);
  const Vmx again = Vmx::parse(vmx.text());
  for (const std::string& key : vmx.keys()) {
    if (again.get(key) != vmx.get(key)) std::abort();
  }
  (void)farm::builders::vmware::leased_addresses(bytes, "00:0c:29:00:00:01");
  return 0;
}
