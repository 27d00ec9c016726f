// Durations as Go writes them: "300ms", "1h5m", "-1.5s".
#pragma once

#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::plan {

/// InvalidInput: empty, no unit ("5"), an unknown unit or out of range. "0" needs no unit.
Result<Duration> parse_duration(std::string_view text);

}  // namespace farm::plan
