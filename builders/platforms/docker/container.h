// Container: what the steps of one docker build find out and share.
#pragma once

#include <string>

#include "builders/communicators/docker/docker_cli.h"

namespace farm::builders::platform_docker {

/// Kinds in the resource ledger; the name is that of the container, or of the image.
inline constexpr const char* kContainerKind = "docker-container";
inline constexpr const char* kImageKind = "docker-image";
/// What names of ours begin with: a random part follows, so nobody else's thing has such a name.
inline constexpr const char* kNamePrefix = "farm-";

struct Container {
  explicit Container(docker::DockerCli program) : cli(std::move(program)) {}

  docker::DockerCli cli;
  bool is_podman = false;
  std::string host_folder;  // mounted at container_dir
  std::string image;        // what the container is made from
  docker::ImageFacts image_facts;
  std::string id;
  std::string user;
  std::string committed;  // id of the image that commit made
};

}  // namespace farm::builders::platform_docker
