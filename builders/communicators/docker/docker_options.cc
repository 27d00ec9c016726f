#include "builders/communicators/docker/docker_options.h"

namespace farm::builders::docker {

LoginOptions read_login_options(const ConfigReader& reader) {
  LoginOptions options;
  options.login = reader.boolean("login");
  options.server = reader.string("login_server");
  options.username = reader.string("login_username");
  options.password = Secret(reader.string("login_password"));
  options.ecr = reader.boolean("ecr_login");
  options.aws_access_key = reader.string("aws_access_key");
  options.aws_secret_key = Secret(reader.string("aws_secret_key"));
  options.aws_token = Secret(reader.string("aws_token"));
  options.aws_profile = reader.string("aws_profile");
  options.aws_public = reader.boolean("aws_force_use_public_ecr");
  Findings& findings = reader.findings();
  if (options.ecr && options.server.empty()) {
    findings.errors.emplace_back("ECR login requires login server to be provided.");
  }
  if (options.aws_access_key.empty() != options.aws_secret_key.empty()) {
    findings.errors.emplace_back("aws_access_key and aws_secret_key must be given together");
  }
  return options;
}

std::string read_docker_path(const ConfigReader& reader) {
  std::string path = reader.string("docker_path");
  return path.empty() ? "docker" : path;
}

}  // namespace farm::builders::docker
