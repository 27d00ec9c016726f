// How long a build took, as Packer's users read it: the two largest units that are not zero
// ("3 seconds 20 milliseconds").
#pragma once

#include <string>

#include "common/base/clock.h"

namespace farm::farmctl {

std::string elapsed_text(Duration elapsed);

}  // namespace farm::farmctl
