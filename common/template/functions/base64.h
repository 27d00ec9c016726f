// Base64 of RFC 4648 with padding, as base64encode() and its kin write and read it.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::functions {

std::string base64_encode(std::string_view bytes);
/// Carriage returns and newlines are skipped; padding is required. InvalidInput names the offset
/// of the first bad symbol.
Result<std::string> base64_decode(std::string_view text);

}  // namespace farm::functions
