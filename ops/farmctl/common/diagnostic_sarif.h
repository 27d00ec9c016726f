// Diagnostics as SARIF 2.1.0: what code hosts and editors show beside the lines of a change.
#pragma once

#include <string>

#include "common/base/diagnostic.h"

namespace farm::farmctl {

std::string diagnostics_sarif(const Diagnostics& diagnostics);

}  // namespace farm::farmctl
