#include "builders/communicators/docker/registry_login.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "builders/communicators/docker/ecr.h"
#include "common/base/log.h"

namespace farm::builders::docker {
namespace {

// A push under the lock of another build may take that long.
constexpr auto kLockPatience = std::chrono::hours(1);

// The user's configuration without its credentials: contexts and plugins keep working.
Result<void> copy_configuration(const std::string& from, const std::string& to) {
  const Result<std::string> text = io::read_file(from + "/config.json");
  if (text) {
    nlohmann::json document = nlohmann::json::parse(*text, nullptr, false);
    if (document.is_object()) {
      for (const char* secret : {"auths", "credsStore", "credHelpers"}) document.erase(secret);
      TRY(io::write_file(to + "/config.json", document.dump(), 0600));
    }
  }
  for (const char* part : {"contexts", "cli-plugins"}) {
    const std::string folder = from + "/" + part;
    if (!io::is_directory(folder)) continue;
    if (::symlink(folder.c_str(), (to + "/" + part).c_str()) != 0) {
      return system_error("symlink " + folder, errno);
    }
  }
  return {};
}

}  // namespace

Result<void> RegistryLogin::use_own_folder(BuildContext& context) {
  folder_ = TRY(io::TempDirectory::create(context.temp_directory, "docker-config-"));
  const std::string home = context.environment.get_or("HOME", "");
  if (!home.empty()) TRY(copy_configuration(home + "/.docker", folder_->path()));
  // podman reads neither DOCKER_CONFIG nor ~/.docker for writing, but this.
  cli_ = cli_.with_variable("DOCKER_CONFIG", folder_->path())
             .with_variable("REGISTRY_AUTH_FILE", folder_->path() + "/auth.json");
  return {};
}

Result<RegistryLogin> RegistryLogin::open(const LoginOptions& options, const DockerCli& cli,
                                          BuildContext& context) {
  RegistryLogin login(cli);
  if (!options.wanted()) return login;
  std::string username = options.username;
  Secret password = options.password;
  if (options.ecr) {
    context.ui.message("Fetching ECR credentials...");
    const EcrCredential credential = TRY(fetch_ecr_credential(options, context));
    username = credential.username;
    password = credential.password;
  }
  context.ui.message("Logging in...");
  if (context.environment.get("DOCKER_CONFIG")) {
    TRY(io::make_directories(context.cache_directory));
    login.lock_ = TRY(io::FileLock::acquire(context.cache_directory + "/docker-login.lock",
                                            io::steady_now() + kLockPatience, context.cancel));
  } else {
    TRY(login.use_own_folder(context));
  }
  login.server_ = options.server;
  std::vector<std::string> arguments = {"login"};
  if (!username.empty()) {
    arguments.emplace_back("-u");
    arguments.push_back(username);
  }
  arguments.emplace_back("--password-stdin");
  if (!options.server.empty()) arguments.push_back(options.server);
  const Result<void> done =
      login.cli_.show(arguments, password.reveal(), context.ui, context.cancel);
  if (!done) return done.error().within("Error logging in");
  login.logged_in_ = true;
  return login;
}

void RegistryLogin::close(BuildContext& context) {
  if (!logged_in_) return;
  logged_in_ = false;
  context.ui.message("Logging out...");
  std::vector<std::string> arguments = {"logout"};
  if (!server_.empty()) arguments.push_back(server_);
  const CancelToken fresh;  // also after a cancelled pull
  const Result<std::string> done = cli_.capture(arguments, fresh);
  if (!done) context.ui.error("Error logging out: " + done.error().message);
  folder_.reset();
  lock_.reset();
}

}  // namespace farm::builders::docker
