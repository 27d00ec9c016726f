// CreateMachine: the new machine, empty (proxmox-iso) or a clone of another (proxmox-clone), and its
// removal unless it became the artifact.
#pragma once

#include <cstdint>
#include <optional>

#include "builders/core/step.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

class CreateMachine final : public Step {
 public:
  CreateMachine(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}
  std::string_view name() const override {
    return config_->kind == Kind::Clone ? "clone_machine" : "create_machine";
  }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> place(BuildContext& context);
  Result<void> make(BuildContext& context);
  Result<void> create(BuildContext& context);
  Result<void> clone(BuildContext& context);
  Result<void> grow(BuildContext& context, const MachineParameters& parameters);

  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
  std::optional<uint64_t> intent_;
};

/// Switches it on.
class StartMachine final : public Step {
 public:
  StartMachine(Client& client, Vm& vm) : client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "start_machine"; }
  Result<void> run(BuildContext& context) override;

 private:
  Client* client_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_proxmox
