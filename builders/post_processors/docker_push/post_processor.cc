#include <algorithm>

#include "builders/communicators/docker/docker_image.h"
#include "builders/communicators/docker/registry_login.h"
#include "builders/core/registry.h"
#include "builders/post_processors/docker_push/config.h"
#include "common/base/scope_guard.h"

namespace farm::builders::post_processor_docker_push {
namespace {

class DockerPushPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    TRY(docker::require_image(input, "Can only import from docker-import and docker-tag artifacts."));
    const docker::DockerCli cli(config_.docker_path, context.environment,
                                context.working_directory);
    docker::RegistryLogin login = TRY(docker::RegistryLogin::open(config_.login, cli, context));
    const ScopeGuard log_out([&] { login.close(context); });
    const std::vector<std::string> tags = docker::tags_of(input);
    std::vector<std::string> names = {input.id};
    for (const std::string& tag : tags) {
      // The id of a tagged artifact is the last of its tags.
      if (std::find(names.begin(), names.end(), tag) == names.end()) names.push_back(tag);
    }
    for (const std::string& name : names) TRY(push(context, login.cli(), name));
    artifact::Artifact output =
        docker::image_artifact(cli, docker::kImportId, input.id, tags.empty() ? nullptr : &tags);
    output.state["generated_data"] = with_digest(context, cli, input);
    return PostProcessed{std::move(output), true, false};
  }

 private:
  Result<void> push(BuildContext& context, const docker::DockerCli& cli,
                    const std::string& name) const {
    context.ui.message("Pushing: " + name);
    std::vector<std::string> arguments = {"push", name};
    if (!config_.platform.empty()) {
      arguments.emplace_back("--platform");
      arguments.push_back(config_.platform);
    }
    const Result<void> pushed = cli.show(arguments, {}, context.ui, context.cancel);
    if (!pushed) return pushed.error().within("Error pushing Docker image");
    return {};
  }

  // The registry's digest is known to the store after a push.
  static value::Value with_digest(const BuildContext& context, const docker::DockerCli& cli,
                                  const artifact::Artifact& input) {
    value::Value::Map values = context.generated;
    const auto found = input.state.find("generated_data");
    if (found != input.state.end() && found->second.is_known() && !found->second.is_null()) {
      values = found->second.entries();
    }
    const Result<docker::ImageFacts> facts = cli.inspect_image(input.id, context.cancel);
    values["Digest"] = value::Value::string(facts ? facts->digest : "");
    return value::Value::object(std::move(values));
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("docker-push",
                              [] { return std::make_unique<DockerPushPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_docker_push
