// Locals and data sources as one dependency graph, evaluated in one pass in time linear in the
// number of references: each expression sees only the locals that it names.
#pragma once

#include "common/template/source/loader.h"

namespace farm::templates {

/// Evaluates every local and data source of `made` into its `value`, and sets `local` and `data`
/// in the template's globals. `globals` must already hold var, path and packer. Missing references
/// and cycles are reported; what depends on them stays unknown.
void evaluate_locals(Template& made, DataSources& data_sources, Diagnostics& diagnostics);

}  // namespace farm::templates
