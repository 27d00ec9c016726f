// Options of the `file` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_file {

struct Config {
  std::vector<std::string> sources;
  std::string content;
  bool has_content = false;
  std::string destination;
  bool download = false;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_file
