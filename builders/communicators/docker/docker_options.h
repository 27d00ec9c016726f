// Options that the docker builder and the docker post-processors share: the program, and how to log
// in to a registry. Pure: links into farmctl.
#pragma once

#include <string>

#include "builders/core/config.h"
#include "common/base/secret.h"

namespace farm::builders::docker {

/// As of docker: the artifacts that the docker components make and take.
inline constexpr const char* kExportId = "packer.docker";
inline constexpr const char* kImportId = "packer.post-processor.docker-import";
inline constexpr const char* kTagId = "packer.post-processor.docker-tag";
inline constexpr const char* kArtificeId = "packer.post-processor.artifice";

struct LoginOptions {
  bool login = false;
  std::string server;
  std::string username;
  Secret password;

  bool ecr = false;  // the password comes from Amazon's registry service
  std::string aws_access_key;
  Secret aws_secret_key;
  Secret aws_token;
  std::string aws_profile;
  bool aws_public = false;

  bool wanted() const { return login || ecr; }
};

LoginOptions read_login_options(const ConfigReader& reader);
/// docker_path; "docker" unless given.
std::string read_docker_path(const ConfigReader& reader);

}  // namespace farm::builders::docker
