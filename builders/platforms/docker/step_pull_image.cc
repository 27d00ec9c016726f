#include "builders/platforms/docker/step_pull_image.h"

#include "builders/communicators/docker/registry_login.h"
#include "common/base/log.h"
#include "common/base/scope_guard.h"

namespace farm::builders::platform_docker {
namespace {

Result<void> pull(const DockerConfig& config, const Container& container, BuildContext& context) {
  context.ui.say("Pulling Docker image: " + config.image);
  docker::RegistryLogin login =
      TRY(docker::RegistryLogin::open(config.login, container.cli, context));
  const ScopeGuard log_out([&] { login.close(context); });
  std::vector<std::string> arguments = {"pull", config.image};
  if (!config.platform.empty()) {
    arguments.emplace_back("--platform");
    arguments.push_back(config.platform);
  }
  const Result<void> pulled = login.cli().show(arguments, {}, context.ui, context.cancel);
  if (!pulled) return pulled.error().within("Error pulling Docker image");
  return {};
}

}  // namespace

Result<void> PullImage::run(BuildContext& context) {
  if (!config_->builds_image()) {
    container_->image = config_->image;
    if (config_->pull) TRY(pull(*config_, *container_, context));
  }
  Result<docker::ImageFacts> facts =
      container_->cli.inspect_image(container_->image, context.cancel);
  if (!facts) {
    // `docker run` may still fetch it; then it is the one that says what is wrong.
    log::info("image not inspected", {{"error", facts.error().message}});
    return context.cancel.check();
  }
  context.generated["SourceImageSha256"] = value::Value::string(facts->id);
  if (!facts->digest.empty() && !config_->builds_image()) {
    context.generated["SourceImageDigest"] = value::Value::string(facts->digest);
  }
  container_->image_facts = *std::move(facts);
  return {};
}

}  // namespace farm::builders::platform_docker
