#include <fmt/format.h>

#include "builders/communicators/docker/docker_image.h"
#include "builders/communicators/docker/docker_options.h"
#include "builders/core/build_context.h"
#include "builders/core/registry.h"
#include "builders/post_processors/docker_import/config.h"

namespace farm::builders::post_processor_docker_import {
namespace {

class DockerImportPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    if (input.builder_id != docker::kExportId && input.builder_id != docker::kArtificeId) {
      return invalid_input("Unknown artifact type: " + input.builder_id +
                           "\nCan only import from Docker builder and Artifice post-processor "
                           "artifacts. (What a builder with commit = true made is in the store "
                           "already: it needs docker-tag, not docker-import.)");
    }
    if (input.files.size() != 1) {
      return invalid_input(fmt::format(
          "an image is imported from one tar file; the artifact has {} files", input.files.size()));
    }
    std::string name = config_.repository;
    if (!config_.tag.empty()) name += ":" + config_.tag;
    context.ui.message("Importing image: " + input.id);
    context.ui.message("Repository: " + name);
    std::vector<std::string> arguments = {"import"};
    for (const std::string& change : config_.changes) {
      arguments.emplace_back("--change");
      arguments.push_back(change);
    }
    if (!config_.platform.empty()) {
      arguments.emplace_back("--platform");
      arguments.push_back(config_.platform);
    }
    arguments.emplace_back("-");
    if (!name.empty()) arguments.push_back(name);
    const docker::DockerCli cli(config_.docker_path, context.environment,
                                context.working_directory);
    const Result<std::string> id =
        cli.from_file(arguments, resolve_path(context, input.files[0]), context.cancel);
    if (!id) return id.error().within("Error importing image");
    context.ui.message("Imported ID: " + *id);
    artifact::Artifact output =
        docker::image_artifact(cli, docker::kImportId, name.empty() ? *id : name, nullptr);
    const auto generated = input.state.find("generated_data");
    if (generated != input.state.end()) output.state.insert(*generated);
    return PostProcessed{std::move(output), false, false};
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("docker-import",
                              [] { return std::make_unique<DockerImportPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_docker_import
