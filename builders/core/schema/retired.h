// Components that templates in the wild still name but that are gone or were never part of the
// core set: what to say about each.
#pragma once

#include <string_view>

#include "common/plan/schema.h"

namespace farm::builders {

/// A sentence saying what replaces `name`; empty when nothing is known about it.
std::string_view retired_advice(plan::ComponentKind kind, std::string_view name);

}  // namespace farm::builders
