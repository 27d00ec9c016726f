// The option tables of every component that farm can read, as planning sees them. Nothing is done
// before the first find(); a component's schema is put together when it is first asked for.
#pragma once

#include "common/plan/schema.h"

namespace farm::builders {

/// Thread-safe; lives as long as the process.
const plan::ComponentCatalog& component_catalog();

}  // namespace farm::builders
