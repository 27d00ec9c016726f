// PrepareEfi: the machine's own copy of the EFI variables, in the output directory.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class PrepareEfi final : public Step {
 public:
  PrepareEfi(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "prepare_efivars"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
