// The first steps: which node, which API server, what exists already.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

/// Takes the template's node, or the online one with most free memory that has the storages.
class ChooseNode final : public Step {
 public:
  ChooseNode(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "choose_node"; }
  Result<void> run(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
};

/// proxmox-clone: finds the source machine and the slots its disks hold.
class FindSource final : public Step {
 public:
  FindSource(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "find_source"; }
  Result<void> run(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
};

/// With -force: removes the template that this build replaces.
class ReplaceExisting final : public Step {
 public:
  ReplaceExisting(const ProxmoxConfig& config, Client& client)
      : config_(&config), client_(&client) {}
  std::string_view name() const override { return "replace_existing"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<std::optional<ListedMachine>> find(BuildContext& context) const;
  const ProxmoxConfig* config_;
  Client* client_;
};

}  // namespace farm::builders::platform_proxmox
