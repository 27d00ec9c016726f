// Writes a value as YAML exactly as yamlencode() does: block style, keys and strings in double
// quotes (folded past column 80) or as literal blocks, keys sorted.
#pragma once

#include <string>

#include "common/value/value.h"

namespace farm::functions {

/// `v` must be wholly known.
std::string write_yaml(const value::Value& v);

}  // namespace farm::functions
