// CheckRanges: with iso_skip_cache qemu itself reads the image by URL, so the server must answer
// and take range requests.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class CheckRanges final : public Step {
 public:
  CheckRanges(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "check_ranges"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
