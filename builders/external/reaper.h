// What a killed build's plugin left at a provider is removed by the plugin itself, started for that.
#pragma once

#include <string>

#include "builders/core/reaper.h"
#include "builders/external/catalog/plugin_folder.h"

namespace farm::builders::external {

/// Removes things of `resource`, one of the component's resources.
Reaper plugin_reaper(const Plugin& plugin, const ExternalComponent& component,
                     const std::string& resource);

}  // namespace farm::builders::external
