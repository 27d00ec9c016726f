// Steps that settle addresses and ports before qemu starts: the HTTP server's address as the guest
// sees it, the forwarded port, the VNC port and password.
#pragma once

#include <optional>

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"
#include "builders/steps/port_range.h"

namespace farm::builders::platform_qemu {

/// Where qemu's user network shows this machine's loopback to the guest.
inline constexpr const char* kUserNetworkHost = "10.0.2.2";

/// Sets context.http_ip.
class DiscoverHttpAddress final : public Step {
 public:
  explicit DiscoverHttpAddress(const QemuConfig& config) : config_(&config) {}
  std::string_view name() const override { return "discover_http_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
};

/// Reserves the port on this machine that leads to the guest's communicator.
class ForwardPort final : public Step {
 public:
  ForwardPort(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "forward_port"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Vm* vm_;
};

/// Reserves the VNC port and makes the password.
class ConfigureVnc final : public Step {
 public:
  ConfigureVnc(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  std::string_view name() const override { return "configure_vnc"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Vm* vm_;
};

/// Reserves ports anew for those that somebody else took between the reservation and qemu's start.
Result<void> renew_ports(BuildContext& context, const QemuConfig& config, Vm& vm);

}  // namespace farm::builders::platform_qemu
