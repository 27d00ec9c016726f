// Reads JSON text into a value as jsondecode() does: objects and tuples, numbers at full
// precision, the last of equal keys wins. Nesting is limited.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::functions {

inline constexpr int kJsonDepthLimit = 128;

/// InvalidInput for text that is no JSON, has more than one document or nests too deep.
Result<value::Value> read_json(std::string_view text);

}  // namespace farm::functions
