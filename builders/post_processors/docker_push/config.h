// Options of the `docker-push` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/communicators/docker/docker_options.h"

namespace farm::builders::post_processor_docker_push {

struct Config {
  std::string docker_path;
  docker::LoginOptions login;
  std::string platform;
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_docker_push
