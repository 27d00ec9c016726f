// Reads comma-separated text (RFC 4180) into a list of objects as csvdecode() does: the first
// record names the attributes, all values are strings.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::functions {

/// InvalidInput names the line of the first bad record.
Result<value::Value> read_csv(std::string_view text);

}  // namespace farm::functions
