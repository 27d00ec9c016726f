// The `build` object of expressions: which names it has and what they are while nothing is known.
#pragma once

#include <string>

#include "common/value/value.h"

namespace farm::plan {

/// At plan: every generated value unknown of its type. `build_name` is build.name.
value::Value planned_build_object(const std::string& builder_type, const std::string& build_name);
/// At prepare: every generated value is the string "<unknown>".
value::Value placeholder_build_object(const std::string& builder_type,
                                      const std::string& build_name);

}  // namespace farm::plan
