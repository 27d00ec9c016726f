// Parameters of the create, clone and change calls, made from the configuration. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "builders/platforms/proxmox/client.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/slots.h"
#include "common/base/random.h"

namespace farm::builders::platform_proxmox {

/// A disk that is made tiny and then grown, since the create call takes whole GiB only.
struct Growth {
  std::string slot;
  std::string size;  // "5000M"
};

struct MachineParameters {
  Parameters form;
  std::vector<Growth> growths;
};

/// What the parameters depend on besides the configuration.
struct Placement {
  int64_t id = 0;
  std::string name;
  std::string mark;  // our tag, by which the machine is known as ours
  SlotPlan slots;
  std::vector<std::string> iso_volumes;  // STORAGE:iso/NAME, in the order of config.isos
};

/// Hardware, disks and CDs of the machine while it is built.
Result<MachineParameters> machine_parameters(const ProxmoxConfig& config,
                                             const Placement& placement, Random& random);
/// ciuser, sshkeys, nameserver, searchdomain, ipconfigN of a clone.
Parameters cloud_init_parameters(const ProxmoxConfig& config, const std::string& public_key);
/// "POOL:1,efitype=4m,..."; empty when no EFI disk is wanted.
std::string efi_disk(const ProxmoxConfig& config);

/// The description that every machine under construction has.
std::string building_description(const std::string& mark);
/// `tags` with "farm" and the mark behind them.
std::string building_tags(const std::string& tags, const std::string& mark);
/// "52:54:..." with the local bit; "repeatable" derives it from machine and card.
std::string mac_address(const NicOptions& nic, int64_t machine, size_t number, Random& random);

}  // namespace farm::builders::platform_proxmox
