// Builders, provisioners and post-processors that are external programs.
#pragma once

#include <vector>

#include "builders/core/registry.h"
#include "builders/external/catalog/plugin_folder.h"

namespace farm::builders::external {

/// Adds the builders, provisioners and post-processors of `plugins`.
void register_plugins(Registry& registry, const std::vector<Plugin>& plugins);

}  // namespace farm::builders::external
