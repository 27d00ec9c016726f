// Options of the `file` builder. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::platform_file {

struct Config {
  std::string target;
  std::string source;
  std::string content;
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::platform_file
