// Durations as Go programs print them ("10s", "1m0s", "1.5s"): the words users know from the lines
// around provisioners.
#pragma once

#include <string>

#include "common/base/clock.h"

namespace farm::agent {

std::string duration_text(Duration duration);

}  // namespace farm::agent
