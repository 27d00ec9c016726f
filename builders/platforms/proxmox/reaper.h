// Reapers of what a killed proxmox build left: its machine and the ISOs made from cd_files.
#pragma once

#include "builders/core/reaper.h"

namespace farm::builders::platform_proxmox {

Result<void> reap_machine(ReapContext& context, const LeftResource& resource);
Result<void> reap_volume(ReapContext& context, const LeftResource& resource);

}  // namespace farm::builders::platform_proxmox
