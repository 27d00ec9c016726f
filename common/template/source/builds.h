// `source` and `build` blocks of HCL2 templates, after locals are known: dynamic blocks expanded,
// references resolved to declared sources. Component bodies stay undecoded.
#pragma once

#include "common/template/template.h"

namespace farm::templates {

/// Adds the source to the template; reports `Duplicate source block`.
void read_source(const hcl2::Block& block, Template& into, Diagnostics& diagnostics);
/// Adds the build. Call after every source is known: unknown references are reported here.
void read_build(const hcl2::Block& block, Template& into, Diagnostics& diagnostics);

}  // namespace farm::templates
