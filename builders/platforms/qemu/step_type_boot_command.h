// TypeBootCommand: waits boot_wait and types the boot command, watching the machine: through the
// monitor, which acknowledges keys, or over VNC where key symbols matter (a keyboard layout in
// qemuargs, characters that no US keyboard has).
#pragma once

#include <map>
#include <string>

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
  Result<bool> needs_vnc(BuildContext& context,
                         const std::map<std::string, std::string>& data) const;
  Result<void> type_over_vnc(BuildContext& context, const std::map<std::string, std::string>& data,
                             const CancelToken& cancel);
  Result<void> type_over_monitor(BuildContext& context,
                                 const std::map<std::string, std::string>& data,
                                 const CancelToken& cancel);
  const QemuConfig* config_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
