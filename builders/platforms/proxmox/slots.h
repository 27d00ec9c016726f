// Device slots: which disk and which CD goes to which number of which bus.
#pragma once

#include <string>
#include <vector>

#include "builders/platforms/proxmox/config.h"

namespace farm::builders::platform_proxmox {

struct SlotPlan {
  std::vector<std::string> isos;   // "ide2", in the order of config.isos
  std::vector<std::string> disks;  // "scsi0", in the order of config.disks
  std::vector<std::string> warnings;
};

/// CDs with an index first, then the disks, then the other CDs, each in the next free slot of its
/// bus. `occupied`: slots that disks of a clone's source hold; an index may overwrite one.
Result<SlotPlan> plan_slots(const ProxmoxConfig& config, const std::vector<std::string>& occupied);

}  // namespace farm::builders::platform_proxmox
