// Reads one YAML 1.1 document into a value as yamldecode() does (template-hcl2.md section 8). Depth
// and the growth through aliases are limited, so that a small text cannot become a huge value.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::functions {

inline constexpr size_t kYamlDepthLimit = 128;
/// Values that aliases may add to those written out.
inline constexpr size_t kYamlAliasLimit = 100'000;

/// InvalidInput says line and column where it can.
Result<value::Value> read_yaml(const std::string& text);

}  // namespace farm::functions
