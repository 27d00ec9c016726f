// WaitGuestAddress: on a bridge nobody forwards ports, so the guest's own address is looked up:
// its MAC from qemu, then this machine's neighbour table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class WaitGuestAddress final : public Step {
 public:
  WaitGuestAddress(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "wait_guest_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Vm* vm_;
};

/// The IP address of a complete entry for `mac` (any case) on `device` in /proc/net/arp's text.
std::optional<std::string> find_neighbour(std::string_view table, const std::string& mac,
                                          const std::string& device);

}  // namespace farm::builders::platform_qemu
