// Screen pictures: what hypervisors give as raw pixels (PPM) becomes PNG, small enough for a log.
// zlib does the packing; nothing else is needed for a picture without alpha.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::builders::steps {

/// A binary PPM ("P6", 8 bits per sample) as PNG: with a palette when it has at most 256 colours,
/// as text screens have. Corrupt: no such PPM, or more than 8192 pixels in one direction.
Result<std::string> png_of_ppm(std::string_view ppm);

}  // namespace farm::builders::steps
