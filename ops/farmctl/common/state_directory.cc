#include "ops/farmctl/common/state_directory.h"

#include <unistd.h>

#include "common/io/files.h"

namespace farm::farmctl {

std::string state_directory(const std::string& given, const Environment& environment) {
  if (!given.empty()) return given;
  if (const auto state = environment.get("XDG_STATE_HOME"); state && !state->empty()) {
    return *state + "/farm";
  }
  if (const auto home = environment.get("HOME"); home && !home->empty()) {
    const std::string state = *home + "/.local/state/farm";
    if (io::make_directories(state, 0700)) return state;
  }
  return environment.get_or("TMPDIR", "/tmp") + "/farm-" + std::to_string(::getuid());
}

}  // namespace farm::farmctl
