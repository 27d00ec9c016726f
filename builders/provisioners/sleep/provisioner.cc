#include "builders/core/registry.h"
#include "builders/provisioners/sleep/config.h"

namespace farm::builders::provisioner_sleep {
namespace {

class SleepProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }
  Result<void> provision(BuildContext& context) override {
    context.cancel.sleep(config_.duration);
    return context.cancel.check();
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("sleep", [] { return std::make_unique<SleepProvisioner>(); });
}

}  // namespace farm::builders::provisioner_sleep
