#include "builders/platforms/docker/builder.h"

#include "builders/communicators/docker/docker_image.h"
#include "builders/platforms/docker/step_build_image.h"
#include "builders/platforms/docker/step_commit.h"
#include "builders/platforms/docker/step_connect_container.h"
#include "builders/platforms/docker/step_export.h"
#include "builders/platforms/docker/step_prepare_folder.h"
#include "builders/platforms/docker/step_pull_image.h"
#include "builders/platforms/docker/step_run_container.h"
#include "builders/steps/provision.h"
#include "builders/steps/temporary_key.h"

namespace farm::builders::platform_docker {
namespace {

// A create request may still be on its way through the daemon when its sender has just been killed.
constexpr int kLooksForUnbound = 3;
constexpr auto kBetweenLooks = std::chrono::seconds(1);

docker::DockerCli cli_of(ReapContext& context) {
  Findings findings;
  const value::Value* config = context.config_of({"docker"});
  const value::Value none;
  const std::string path =
      docker::read_docker_path(ConfigReader(config == nullptr ? none : *config, findings));
  return {path, context.environment, "/"};
}

}  // namespace

Findings DockerBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = DockerConfig::decode(config, context, findings);
  return findings;
}

std::vector<std::string> DockerBuilder::generated_names() const {
  return {"ImageSha256", "SourceImageDigest", "SourceImageSha256"};
}

std::vector<StepPtr> DockerBuilder::steps(Container& container) {
  std::vector<StepPtr> list = step_list(
      PrepareFolder{container}, BuildImage{config_, container}, PullImage{config_, container},
      RunContainer{config_, container}, ConnectContainer{config_, container}, steps::Provision{},
      steps::RemoveTemporaryKey{config_.communicator});
  if (config_.outcome == Outcome::Commit) {
    list.push_back(std::make_unique<Commit>(config_, container));
  } else if (config_.outcome == Outcome::Export) {
    list.push_back(std::make_unique<Export>(config_, container));
  }
  return list;
}

Result<std::optional<artifact::Artifact>> DockerBuilder::run(BuildContext& context) {
  Container container(
      docker::DockerCli(config_.docker_path, context.environment, context.working_directory));
  const std::string version = TRY(container.cli.version(context.cancel));
  container.is_podman = version.starts_with("podman");
  for (const auto& [name, text] :
       {std::pair("ImageSha256", "ERR_IMAGE_SHA256_NOT_FOUND"),
        std::pair("SourceImageDigest", "ERR_SOURCE_IMAGE_DIGEST_NOT_FOUND"),
        std::pair("SourceImageSha256", "ERR_SOURCE_IMAGE_SHA256_NOT_FOUND")}) {
    context.generated[name] = value::Value::string(text);
  }
  const std::vector<StepPtr> list = steps(container);
  TRY(run_steps(context, list));
  return std::optional(artifact_of(context, container));
}

artifact::Artifact DockerBuilder::artifact_of(const BuildContext& context,
                                              const Container& container) const {
  artifact::Artifact artifact;
  if (config_.outcome == Outcome::Commit) {
    artifact =
        docker::image_artifact(container.cli, docker::kImportId, container.committed, nullptr);
  } else {
    // With `discard` too, without a file: post-processors (manifest) run as with an export.
    artifact.builder_id = docker::kExportId;
    artifact.id = "Container";
    artifact.text = "Exported Docker file: " + config_.export_path;
    if (!config_.export_path.empty()) {
      artifact.files = {config_.export_path};
      artifact.destroy_paths = {config_.export_path};
    }
  }
  artifact.state["generated_data"] = value::Value::object(context.generated);
  return artifact;
}

Result<void> reap_container(ReapContext& context, const LeftResource& resource) {
  const docker::DockerCli cli = cli_of(context);
  if (!resource.id.empty()) return cli.remove_container("id", resource.id, context.cancel);
  // A name that the template chose may be somebody else's container by now.
  if (!resource.name.starts_with(kNamePrefix)) return {};
  for (int look = 1; look < kLooksForUnbound; ++look) {
    const bool there = TRY(cli.container_exists("name", resource.name, context.cancel));
    if (there) break;
    if (!context.cancel.sleep(kBetweenLooks)) return context.cancel.check();
  }
  return cli.remove_container("name", resource.name, context.cancel);
}

Result<void> reap_image(ReapContext& context, const LeftResource& resource) {
  if (!resource.name.starts_with(kNamePrefix)) return {};
  return cli_of(context).remove_image(resource.name, context.cancel);
}

}  // namespace farm::builders::platform_docker
