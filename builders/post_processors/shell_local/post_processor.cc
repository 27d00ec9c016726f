#include "builders/core/registry.h"
#include "builders/core/shell_local.h"

namespace farm::builders::post_processor_shell_local {
namespace {

class ShellLocalPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    options_ = decode_shell_local(config, context, true, findings);
    return findings;
  }
  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    TRY(run_shell_local(options_, context));
    return PostProcessed{input, true, true};
  }

 private:
  ShellLocalOptions options_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("shell-local",
                              [] { return std::make_unique<ShellLocalPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_shell_local
