// StartMachine: starts qemu and waits until its monitor greets, which it does once every device is
// set up: no fixed wait, and a qemu that refuses its arguments is known at once.
#pragma once

#include <optional>

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class StartMachine final : public Step {
 public:
  StartMachine(const QemuConfig& config, Driver& driver, Vm& vm)
      : config_(&config), driver_(&driver), vm_(&vm) {}
  std::string_view name() const override { return "start_machine"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<std::vector<std::vector<std::string>>> rendered_arguments(BuildContext& context) const;
  void say_where_to_look(BuildContext& context) const;
  void prepare_for_failure(BuildContext& context);
  Result<void> launch(BuildContext& context);
  bool port_was_taken() const;
  Error launch_error(BuildContext& context);
  void end_machine();
  Result<void> set_vnc_password();
  const QemuConfig* config_;
  Driver* driver_;
  Vm* vm_;
  std::optional<uint64_t> intent_;
};

/// Why a machine that ended by itself did so, with what it printed last.
Error machine_ended(Vm& vm);

}  // namespace farm::builders::platform_qemu
