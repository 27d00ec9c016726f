// The layout language of formatdate(): YYYY, MMM, hh, AA, ZZZZ, 'quoted'.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/template/functions/time_format.h"

namespace farm::functions {

/// InvalidInput names the verb that means nothing.
Result<std::string> format_date(const CivilTime& time, std::string_view layout);

}  // namespace farm::functions
