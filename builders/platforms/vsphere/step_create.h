// CreateVm and CloneVm: the two ways a machine comes to be; and what belongs to a clone alone.
#pragma once

#include "builders/platforms/vsphere/config.h"
#include "builders/platforms/vsphere/step_connect.h"

namespace farm::builders::vsphere {

class CreateVm final : public MachineStep {
 public:
  CreateVm(const IsoConfig& config, Machine& machine)
      : MachineStep(config.machine, machine), config_(&config) {}
  std::string_view name() const override { return "create_vm"; }

 private:
  Result<Reference> create(BuildContext& context) override;
  const IsoConfig* config_;
};

class CloneVm final : public MachineStep {
 public:
  CloneVm(const CloneConfig& config, Machine& machine)
      : MachineStep(config.machine, machine), config_(&config) {}
  std::string_view name() const override { return "clone_vm"; }

 private:
  Result<Reference> create(BuildContext& context) override;
  Result<XmlWriter> vapp_properties(const Reference& source, const CancelToken& cancel) const;
  const CloneConfig* config_;
};

/// customize.
class CustomizeGuest final : public Step {
 public:
  CustomizeGuest(const CloneConfig& config, Machine& machine)
      : config_(&config), machine_(&machine) {}
  std::string_view name() const override { return "customize"; }
  Result<void> run(BuildContext& context) override;

 private:
  const CloneConfig* config_;
  Machine* machine_;
};

/// The disks of the storage blocks with the datastores that FindPlace chose.
std::vector<DiskSpec> disk_specs(const StorageOptions& storage, const Machine& machine);

}  // namespace farm::builders::vsphere
