// After provisioning: turn the machine off, take away what only the build needed, snapshot,
// template.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {

class ShutDown final : public Step {
 public:
  ShutDown(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "shutdown"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// Floppy drives, media, the temporary boot order and the build's tag; CD drives as asked for.
class RemoveMedia final : public Step {
 public:
  /// `clear_boot_order`: the order was only for the build.
  RemoveMedia(const MachineOptions& options, bool clear_boot_order, Machine& machine)
      : options_(&options), clear_boot_order_(clear_boot_order), machine_(&machine) {}
  std::string_view name() const override { return "remove_media"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> remove_floppies(BuildContext& context);
  Result<void> eject(BuildContext& context);
  Result<void> remove_cd_drives(BuildContext& context);
  Result<void> reattach(BuildContext& context);
  const MachineOptions* options_;
  bool clear_boot_order_;
  Machine* machine_;
};

class RemoveNetworkAdapters final : public Step {
 public:
  RemoveNetworkAdapters(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "remove_network_adapters"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

class CreateSnapshot final : public Step {
 public:
  CreateSnapshot(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "create_snapshot"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

class ConvertToTemplate final : public Step {
 public:
  ConvertToTemplate(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "convert_to_template"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

}  // namespace farm::builders::vsphere
