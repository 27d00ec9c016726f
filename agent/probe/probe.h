// Probe: what this machine can do for the farm: which built-in components would work here, and how
// much processor, memory and disk there is. Asked once at start; nothing is started or changed.
#pragma once

#include <string>

#include "builders/core/registry.h"
#include "common/base/environment.h"
#include "common/wire/message.h"

namespace farm::agent {

/// A hello without name, labels, slots and jobs. `disk` is a path on the file system of the builds.
wire::Hello probe_machine(const builders::Registry& registry, const Environment& environment,
                          const std::string& disk);

}  // namespace farm::agent
