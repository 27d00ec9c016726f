// Reapers of the vSphere builders: remove at the server what a killed build left.
#pragma once

#include "builders/core/registry.h"

namespace farm::builders::vsphere {

/// For the kinds of machine.h; both builders may register them.
void register_reapers(Registry& registry);

}  // namespace farm::builders::vsphere
