// Where `farmctl build` keeps ledgers, journals and the local store.
#pragma once

#include <string>

#include "common/base/environment.h"

namespace farm::farmctl {

/// `given` (--state), else $XDG_STATE_HOME/farm, else ~/.local/state/farm, else below TMPDIR. The
/// home directory's one is created when it can be.
std::string state_directory(const std::string& given, const Environment& environment);

}  // namespace farm::farmctl
