// Options of the `compress` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::post_processor_compress {

struct Config {
  std::string output;  // rendered late
  std::string format;
  int level = -1;  // -1: the algorithm's default
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_compress
