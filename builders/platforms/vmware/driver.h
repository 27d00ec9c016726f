// Driver: the programs and files of an installed VMware Workstation or Fusion: vmrun,
// vmware-vdiskmanager, ovftool, the networks' DHCP leases and addresses. The only file that starts
// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/platforms/vmware/config.h"

namespace farm::builders::vmware {

/// Where the parts of one installation are; tests name their own.
struct Installation {
  std::string kind = "ws";  // of vmrun -T: ws, fusion
  std::string vmrun = "vmrun";
  std::string disk_manager = "vmware-vdiskmanager";
  std::string ovftool = "ovftool";
  std::string player = "vmware";  // tells the version
  std::string networks = "/etc/vmware";
  std::string tools = "/usr/lib/vmware/isoimages";
  std::string lowest_version = "17.6.0";
};

/// Workstation, or Fusion when its application folder is given.
Installation installation_of(const VmwareOptions& options);

class Driver {
 public:
  explicit Driver(Installation installation) : installation_(std::move(installation)) {}

  /// NotFound or InvalidInput: a program is missing, or too old.
  Result<void> verify(BuildContext& context, bool needs_ovftool) const;

  Result<void> create_disk(BuildContext& context, const std::string& path, int64_t size_mb,
                           const std::string& adapter, const std::string& type_id) const;
  /// Defragment, then shrink.
  Result<void> compact_disk(BuildContext& context, const std::string& path) const;
  Result<void> start(BuildContext& context, const std::string& vmx, bool headless) const;
  Result<void> stop(BuildContext& context, const std::string& vmx) const;
  Result<bool> running(BuildContext& context, const std::string& vmx) const;
  Result<void> snapshot(BuildContext& context, const std::string& vmx,
                        const std::string& name) const;
  Result<void> clone(BuildContext& context, const std::string& from, const std::string& to,
                     bool linked, const std::string& snapshot) const;
  /// Asks VMware Tools; empty when they do not answer.
  Result<std::string> guest_address(BuildContext& context, const std::string& vmx) const;
  Result<void> ovftool(BuildContext& context, const std::vector<std::string>& arguments) const;

  /// "vmnet8" for "nat"; names of netmap.conf; anything else is a device itself.
  std::string network_device(const std::string& network) const;
  /// Addresses of the device's DHCP server leased to `mac`, newest first.
  Result<std::vector<std::string>> leases(const std::string& device, const std::string& mac) const;
  /// The ISO with VMware Tools for "linux", "windows" or "darwin".
  std::string tools_iso(const std::string& flavor) const;

 private:
  Result<std::string> run(BuildContext& context, std::vector<std::string> arguments,
                          Duration limit) const;
  Result<std::string> vmrun(BuildContext& context, std::vector<std::string> arguments,
                            Duration limit = std::chrono::minutes(5)) const;
  Installation installation_;
};

/// Whether version text `have` ("17.6.1") is at least `least`.
bool version_reaches(const std::string& have, const std::string& least);

}  // namespace farm::builders::vmware
