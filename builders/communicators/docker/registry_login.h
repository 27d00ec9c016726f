// RegistryLogin: being logged in to a registry for one pull or push. The credential is kept in a
// folder of its own that is gone afterwards, so that builds beside each other and the user's own
// logins do not meet; only with DOCKER_CONFIG set, that folder is used, one build at a time.
#pragma once

#include <optional>

#include "builders/communicators/docker/docker_cli.h"
#include "builders/communicators/docker/docker_options.h"
#include "builders/core/build_context.h"
#include "common/io/files.h"

namespace farm::builders::docker {

class RegistryLogin {
 public:
  /// Logs in when `options` want it; otherwise cli() is `cli` itself.
  static Result<RegistryLogin> open(const LoginOptions& options, const DockerCli& cli,
                                    BuildContext& context);
  /// What is to be used while logged in.
  const DockerCli& cli() const { return cli_; }
  /// Logs out; a failure is only said.
  void close(BuildContext& context);

 private:
  explicit RegistryLogin(DockerCli cli) : cli_(std::move(cli)) {}
  Result<void> use_own_folder(BuildContext& context);

  DockerCli cli_;
  std::string server_;
  bool logged_in_ = false;
  std::optional<io::TempDirectory> folder_;
  std::optional<io::FileLock> lock_;
};

}  // namespace farm::builders::docker
