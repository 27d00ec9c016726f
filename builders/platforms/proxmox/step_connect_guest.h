// ConnectGuest: the communicator to wherever the guest agent says the guest is, and on failure what
// kept the address back.
#pragma once

#include "builders/platforms/proxmox/guest_address.h"
#include "builders/steps/connect.h"

namespace farm::builders::platform_proxmox {

class ConnectGuest final : public Step {
 public:
  ConnectGuest(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), address_(config, client, vm) {}
  std::string_view name() const override { return "connect"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
  GuestAddress address_;
};

}  // namespace farm::builders::platform_proxmox
