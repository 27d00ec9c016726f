// TypeBootCommand: waits boot_wait and types the boot command over VNC, watching the machine.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class TypeBootCommand final : public Step {
 public:
  TypeBootCommand(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "type_boot_command"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> wait_and_type(BuildContext& context, const CancelToken& cancel);
  const QemuConfig* config_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
