// A value as the text of an expression that gives it again: for bodies that are read once more where
// an iterator of a `dynamic` block is not known.
#pragma once

#include <string>

#include "common/value/value.h"

namespace farm::hcl2 {

/// `v` must be wholly known. Lists, sets and maps keep their types; marks are lost.
std::string value_literal(const value::Value& v);

}  // namespace farm::hcl2
