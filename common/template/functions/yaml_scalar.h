// The meaning of YAML scalars: which plain words are booleans, nulls, numbers and timestamps, and
// what explicit tags make of a text.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::functions {

/// How a scalar is written: bare, in quotes, or as a block (`|` or `>`).
enum class YamlStyle { Plain, Quoted, Block };

/// `tag` is empty when none is written, else the full tag.
Result<value::Value> yaml_scalar(const std::string& text, const std::string& tag, YamlStyle style);

}  // namespace farm::functions
