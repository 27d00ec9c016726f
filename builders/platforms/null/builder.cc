#include "builders/core/registry.h"
#include "builders/platforms/null/config.h"
#include "builders/steps/connect.h"
#include "builders/steps/provision.h"

namespace farm::builders::platform_null {
namespace {

class NullBuilder final : public Builder {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override {
    context.instance_id = "Null";
    context.guest_host = config_.communicator.host();
    context.guest_port = config_.communicator.port();
    const std::vector<StepPtr> steps =
        step_list(steps::Connect{config_.communicator, {}}, steps::Provision{});
    TRY(run_steps(context, steps));
    artifact::Artifact artifact;
    artifact.builder_id = "fnoeding.null";
    artifact.id = "Null";
    artifact.text = "Did not export anything. This is the null builder";
    return std::optional(std::move(artifact));
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_builder("null", [] { return std::make_unique<NullBuilder>(); });
}

}  // namespace farm::builders::platform_null
