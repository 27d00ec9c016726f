// Survey of a Proxmox cluster: the load of its nodes, and machines and volumes that bear the mark of
// a build.
#pragma once

#include "builders/core/survey.h"

namespace farm::builders::platform_proxmox {

Surveyor proxmox_surveyor();

}  // namespace farm::builders::platform_proxmox
