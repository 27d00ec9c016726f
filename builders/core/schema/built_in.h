// Which components this farm can run, not only read. One list beside the tables, so that validate
// need not link a single platform.
#pragma once

#include <string_view>

#include "common/plan/schema.h"

namespace farm::builders {

bool is_built_in(plan::ComponentKind kind, std::string_view name);

}  // namespace farm::builders
