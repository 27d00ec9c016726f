#include "builders/core/registry.h"
#include "builders/platforms/file/config.h"
#include "builders/platforms/file/silent_communicator.h"
#include "builders/platforms/file/step_write_file.h"
#include "builders/steps/provision.h"

namespace farm::builders::platform_file {
namespace {

class FileBuilder final : public Builder {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override {
    context.communicator = std::make_unique<SilentCommunicator>();
    const std::vector<StepPtr> steps = step_list(WriteFile{config_}, steps::Provision{});
    TRY(run_steps(context, steps));
    artifact::Artifact artifact;
    artifact.builder_id = "packer.file";
    artifact.id = "File";
    artifact.text = "Stored file: " + config_.target;
    artifact.files = {config_.target};
    artifact.destroy_paths = {config_.target};
    return std::optional(std::move(artifact));
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_builder("file", [] { return std::make_unique<FileBuilder>(); });
}

}  // namespace farm::builders::platform_file
