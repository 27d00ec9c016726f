// CompactDisk: rewrites the first disk without the blocks the guest freed, compressed if asked.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class CompactDisk final : public Step {
 public:
  CompactDisk(const QemuConfig& config, Driver& driver, Vm& vm)
      : config_(&config), driver_(&driver), vm_(&vm) {}
  std::string_view name() const override { return "compact_disk"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> convert(BuildContext& context, const std::vector<std::string>& args);
  const QemuConfig* config_;
  Driver* driver_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
