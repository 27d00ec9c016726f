// ShutDown: ends the machine as the template says: by command, by itself, or at once.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class ShutDown final : public Step {
 public:
  ShutDown(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "shutdown"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> await_end(BuildContext& context, Duration patience);
  const QemuConfig* config_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
