// The HCL2 half of loading.
#pragma once

#include "common/template/source/discovery.h"
#include "common/template/source/loader.h"

namespace farm::templates {

/// Phases 1 to 10 of the reference over the given files. `made` holds what was read when an error
/// stops it.
void load_hcl(const TemplateFiles& files, const LoadOptions& options, const LoadWorld& world,
              Template& made, Diagnostics& diagnostics);

}  // namespace farm::templates
