#include "builders/communicators/docker/docker_cli.h"
#include "builders/communicators/docker/docker_image.h"
#include "builders/core/build_context.h"
#include "builders/core/registry.h"
#include "builders/post_processors/docker_save/config.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_docker_save {
namespace {

class DockerSavePostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    TRY(docker::require_image(input, "Can only save Docker builder artifacts."));
    const docker::DockerCli cli(config_.docker_path, context.environment,
                                context.working_directory);
    const std::string path = resolve_path(context, config_.path);
    TRY(io::make_directories(io::parent_path(path)));
    context.ui.message("Saving image: " + input.id);
    const uint64_t intent = TRY(context.ledger.intend(resource_kind::kPath, path));
    const Result<void> saved = cli.to_file({"save", input.id}, path, context.cancel);
    if (!saved) {
      TRY(io::remove_file(path));
      TRY(context.ledger.gone(intent));
      return saved.error().within("Error saving image");
    }
    TRY(context.ledger.gone(intent));  // it is the user's file now
    context.ui.message("Saved to: " + config_.path);
    return PostProcessed{input, true, false};
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("docker-save",
                              [] { return std::make_unique<DockerSavePostProcessor>(); });
}

}  // namespace farm::builders::post_processor_docker_save
