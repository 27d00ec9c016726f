// TypeBootCommand: waits for the machine to boot and types into it through sendkey.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

/// Finds what {{ .HTTPIP }} is: where guests of the cluster reach this machine.
class DiscoverHttpAddress final : public Step {
 public:
  explicit DiscoverHttpAddress(const ProxmoxConfig& config) : config_(&config) {}
  std::string_view name() const override { return "discover_http_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
};

class TypeBootCommand final : public Step {
 public:
  TypeBootCommand(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "type_boot_command"; }
  Result<void> run(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_proxmox
