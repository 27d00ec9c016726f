// Data sources that are external programs.
#pragma once

#include <vector>

#include "builders/core/data_source.h"
#include "builders/external/catalog/plugin_folder.h"

namespace farm::builders::external {

/// Adds the data sources of `plugins`.
void register_data_sources(DataSourceRegistry& registry, const std::vector<Plugin>& plugins);

}  // namespace farm::builders::external
