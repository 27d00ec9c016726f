// Options of the `docker-tag` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::post_processor_docker_tag {

struct Config {
  std::string docker_path;
  std::string repository;  // with its tag when `tags` is empty
  std::vector<std::string> tags;
  bool force = false;  // only asked of a docker before 1.12
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_docker_tag
