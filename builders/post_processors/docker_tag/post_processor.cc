#include <cstdlib>

#include "builders/communicators/docker/docker_image.h"
#include "builders/communicators/docker/docker_options.h"
#include "builders/core/build_context.h"
#include "builders/core/registry.h"
#include "builders/post_processors/docker_tag/config.h"

namespace farm::builders::post_processor_docker_tag {
namespace {

class DockerTagPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    TRY(docker::require_image(input, "Can only tag from Docker builder artifacts."));
    const docker::DockerCli cli(config_.docker_path, context.environment,
                                context.working_directory);
    std::vector<std::string> tagged;
    for (const std::string& tag : config_.tags) {
      tagged.push_back(config_.repository + ":" + tag);
      TRY(tag_image(context, cli, input.id, tagged.back()));
    }
    if (tagged.empty()) TRY(tag_image(context, cli, input.id, config_.repository));
    const std::string& last = tagged.empty() ? config_.repository : tagged.back();
    artifact::Artifact output =
        docker::image_artifact(cli, docker::kTagId, last, tagged.empty() ? nullptr : &tagged);
    const auto generated = input.state.find("generated_data");
    if (generated != input.state.end()) output.state.insert(*generated);
    return PostProcessed{std::move(output), true, true};
  }

 private:
  Result<void> tag_image(BuildContext& context, const docker::DockerCli& cli, const std::string& id,
                         const std::string& name) const {
    context.ui.message("Tagging image: " + id);
    context.ui.message("Repository: " + name);
    std::vector<std::string> arguments = {"tag"};
    if (config_.force) {
      const bool takes = TRY(takes_force(cli, context.cancel));
      if (takes) arguments.emplace_back("-f");
    }
    arguments.push_back(id);
    arguments.push_back(name);
    const Result<std::string> done = cli.capture(arguments, context.cancel);
    if (!done) return done.error().within("Error tagging image");
    return {};
  }

  // From 1.12 on tagging replaces what had the name, and -f is an error.
  static Result<bool> takes_force(const docker::DockerCli& cli, const CancelToken& cancel) {
    const std::string version = TRY(cli.capture({"-v"}, cancel));
    const size_t number = version.find_first_of("0123456789");
    if (number == std::string::npos || !version.starts_with("Docker")) return false;
    const int major = std::atoi(version.c_str() + number);
    const size_t dot = version.find('.', number);
    const int minor = dot == std::string::npos ? 0 : std::atoi(version.c_str() + dot + 1);
    return major < 1 || (major == 1 && minor < 12);
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("docker-tag",
                              [] { return std::make_unique<DockerTagPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_docker_tag
