// Options of the `checksum` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::post_processor_checksum {

struct Config {
  std::vector<std::string> types{"md5"};
  std::string output;  // rendered late
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_checksum
