// Running the machine: the address it can reach us at, power on, typing, and its own address.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {

/// The address guests fetch http_directory from.
class FindHttpAddress final : public Step {
 public:
  explicit FindHttpAddress(const MachineOptions& options) : options_(&options) {}
  std::string_view name() const override { return "http_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
};

/// Boot order and power on; power off in cleanup.
class PowerOn final : public Step {
 public:
  /// `default_order`: while the machine is built, when the template has none ("disk,cdrom").
  PowerOn(const MachineOptions& options, std::string default_order, Machine& machine)
      : options_(&options), default_order_(std::move(default_order)), machine_(&machine) {}
  std::string_view name() const override { return "power_on"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  std::string default_order_;
  Machine* machine_;
};

class TypeBootCommand final : public Step {
 public:
  TypeBootCommand(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "boot_command"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

class WaitAddress final : public Step {
 public:
  WaitAddress(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "wait_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// bootOptions with this order: "disk,cdrom,ethernet,floppy"; "-": none. InvalidInput: unknown word.
Result<void> set_boot_order(Machine& machine, const std::string& order, const CancelToken& cancel);

/// The first address of guest.net inside the block (any IPv4 without one); empty: none yet.
std::string guest_address(const XmlNode& nets, const std::optional<AddressBlock>& block);

}  // namespace farm::builders::vsphere
