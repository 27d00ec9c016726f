// Options of the `artifice` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::post_processor_artifice {

struct Config {
  std::vector<std::string> files;  // shell patterns
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_artifice
