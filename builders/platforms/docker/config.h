// DockerConfig: the decoded and checked options of the docker builder. Pure: farmctl and the
// coordinator validate with it, the steps read it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/communicators/communicator_options.h"
#include "builders/communicators/docker/docker_options.h"
#include "builders/core/component.h"

namespace farm::builders::platform_docker {

/// The `build` block: the image to start from is built first.
struct ImageBuild {
  std::string path;  // the Dockerfile; empty: no such block
  std::string directory;
  std::map<std::string, std::string> arguments;
  bool pull = true;
  bool compress = false;
};

enum class Outcome { Commit, Export, Discard };

struct DockerConfig {
  CommunicatorOptions communicator;
  docker::LoginOptions login;
  std::string docker_path;

  std::string image;  // or
  ImageBuild build;
  bool pull = true;
  std::string platform;

  Outcome outcome = Outcome::Discard;
  std::string export_path;
  std::string author;
  std::vector<std::string> changes;
  std::string message;

  std::vector<std::string> run_command;  // rendered late
  std::string container_dir;
  std::vector<std::string> device;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  bool privileged = false;
  std::string runtime;
  std::vector<std::string> tmpfs;
  std::map<std::string, std::string> volumes;

  std::string exec_user;
  bool pty = false;
  bool fix_upload_owner = true;
  bool windows_container = false;

  bool builds_image() const { return !build.path.empty(); }
  static DockerConfig decode(const value::Value& config, const PrepareContext& context,
                             Findings& findings);
};

}  // namespace farm::builders::platform_docker
