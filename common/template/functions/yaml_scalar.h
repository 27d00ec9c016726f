// The meaning of YAML scalars: which plain words are booleans, nulls, numbers and timestamps, and
// what explicit tags make of a text.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::functions {

/// `tag` is empty or "?" for a plain scalar, "!" for a quoted one, else the full tag.
Result<value::Value> yaml_scalar(const std::string& text, const std::string& tag);

}  // namespace farm::functions
