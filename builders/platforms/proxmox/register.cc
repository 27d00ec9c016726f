// Entry of the proxmox builders with their reapers and surveyor in the registry of components.
#include "builders/core/registry.h"
#include "builders/platforms/proxmox/builder.h"
#include "builders/platforms/proxmox/reaper.h"
#include "builders/platforms/proxmox/survey.h"

namespace farm::builders::platform_proxmox {

void register_component(Registry& registry) {
  const auto iso = [] { return std::make_unique<ProxmoxBuilder>(Kind::Iso); };
  registry.add_builder("proxmox-iso", iso);
  registry.add_builder("proxmox", iso);
  registry.add_builder("proxmox-clone",
                       [] { return std::make_unique<ProxmoxBuilder>(Kind::Clone); });
  registry.add_reaper(kMachineKind, reap_machine);
  registry.add_reaper(kVolumeKind, reap_volume);
  registry.add_surveyor(proxmox_surveyor());
}

}  // namespace farm::builders::platform_proxmox
