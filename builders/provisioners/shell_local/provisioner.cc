#include "builders/core/registry.h"
#include "builders/core/shell_local.h"

namespace farm::builders::provisioner_shell_local {
namespace {

class ShellLocalProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    options_ = decode_shell_local(config, context, false, findings);
    return findings;
  }
  Result<void> provision(BuildContext& context) override {
    return run_shell_local(options_, context);
  }

 private:
  ShellLocalOptions options_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("shell-local", [] { return std::make_unique<ShellLocalProvisioner>(); });
}

}  // namespace farm::builders::provisioner_shell_local
