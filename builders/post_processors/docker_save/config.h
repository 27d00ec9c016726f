// Options of the `docker-save` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::post_processor_docker_save {

struct Config {
  std::string docker_path;
  std::string path;
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_docker_save
