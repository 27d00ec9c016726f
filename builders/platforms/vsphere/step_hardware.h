// Hardware and settings of a machine that exists: one reconfigure for what it has, one for flags,
// one for parameters.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {

class ConfigureHardware final : public Step {
 public:
  ConfigureHardware(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "configure_hardware"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> match_tpm(BuildContext& context);
  Result<void> add_precision_clock(BuildContext& context);
  const MachineOptions* options_;
  Machine* machine_;
};

class SetFlags final : public Step {
 public:
  SetFlags(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "set_flags"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// configuration_parameters and the behaviour of VMware Tools.
class SetParameters final : public Step {
 public:
  SetParameters(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "set_parameters"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// An extraConfig member of a spec; an empty value takes the key away.
void write_parameter(XmlWriter& out, const std::string& key, const std::string& value);

}  // namespace farm::builders::vsphere
