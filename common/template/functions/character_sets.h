// Conversion between UTF-8 and the character sets of the C library (iconv), for
// textencodebase64() and textdecodebase64().
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::functions {

/// NotFound: no such encoding. InvalidInput: a character does not exist in it.
Result<std::string> encode_text(std::string_view utf8, const std::string& encoding);
/// NotFound: no such encoding. InvalidInput: `bytes` are not text of it.
Result<std::string> decode_text(std::string_view bytes, const std::string& encoding);

}  // namespace farm::functions
