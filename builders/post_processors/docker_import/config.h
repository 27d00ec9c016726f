// Options of the `docker-import` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::post_processor_docker_import {

struct Config {
  std::string docker_path;
  std::string repository;
  std::string tag;
  std::vector<std::string> changes;
  std::string platform;
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_docker_import
