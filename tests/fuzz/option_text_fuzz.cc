// LIBS: farm_common_plan farm_builders_core farm_platform_proxmox farm_platform_vmware farm_platform_vsphere
// Small languages inside options: durations, versions, globs, sizes, serial ports, addresses.
#include <cstdint>
#include <string>

#include "builders/core/config.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"
#include "builders/platforms/vmware/config.h"
#include "builders/platforms/vsphere/options.h"
#include "common/plan/duration_text.h"
#include "common/plan/glob.h"
#include "common/template/source/version_constraint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string half = text.substr(0, size / 2);
  (void)farm::builders::parse_go_duration(text);
  (void)farm::plan::parse_duration(text);
  (void)farm::plan::glob_match(half, text.substr(size / 2));
  const auto version = farm::templates::Version::parse(half);
  const auto constraints = farm::templates::VersionConstraints::parse(text.substr(size / 2));
  if (version && constraints) (void)constraints->allows(*version);
  (void)farm::builders::platform_proxmox::parse_disk_size(text);
  (void)farm::builders::platform_proxmox::parse_ledger_name(text);
  (void)farm::builders::vmware::parse_serial(text);
  (void)farm::builders::vmware::parse_parallel(text);
  (void)farm::builders::vsphere::parse_address_block(text);
  return 0;
}
