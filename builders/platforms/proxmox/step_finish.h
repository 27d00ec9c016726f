// The last steps: cloud-init's traces go, the machine becomes a template, its settings become those
// the user asked for.
#pragma once

#include <string>
#include <vector>

#include "builders/core/step.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

/// The cloud-init drive and settings that the build's own credentials are in.
class RemoveCloudInitDrive final : public Step {
 public:
  RemoveCloudInitDrive(Client& client, Vm& vm) : client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "remove_cloud_init_drive"; }
  Result<void> run(BuildContext& context) override;

 private:
  Client* client_;
  Vm* vm_;
};

/// Shuts down; unless skip_convert_to_template, converts.
class ConvertToTemplate final : public Step {
 public:
  ConvertToTemplate(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "convert_to_template"; }
  Result<void> run(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
};

/// Name, description, tags, cloud-init drive, CD drives; after it the machine is the artifact.
class Finalize final : public Step {
 public:
  Finalize(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "finalize"; }
  Result<void> run(BuildContext& context) override;

 private:
  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
};

/// The changes of Finalize for a machine whose settings are `current`. InvalidInput: a CD drive is
/// gone, or cloud-init has no storage.
Result<Parameters> final_changes(const ProxmoxConfig& config, const Vm& vm, const Json& current);
/// Names of the settings RemoveCloudInitDrive deletes, joined with commas; empty: none.
std::string cloud_init_settings(const Json& current);

}  // namespace farm::builders::platform_proxmox
