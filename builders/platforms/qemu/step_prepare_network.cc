#include "builders/platforms/qemu/step_prepare_network.h"

#include <fmt/format.h>

#include "builders/steps/http_server.h"

namespace farm::builders::platform_qemu {
namespace {

Result<void> reserve_host_port(BuildContext& context, const QemuConfig& config, Vm& vm) {
  vm.host_reservation =
      TRY(steps::PortReservation::take(config.host_port_min, config.host_port_max, "127.0.0.1",
                                       context.cache_directory, context.random));
  vm.host_port = vm.host_reservation->port();
  context.guest_port = vm.host_port;
  context.ui.say(
      fmt::format("Found port for communicator (SSH, WinRM, etc): {}.", vm.host_port));
  return {};
}

Result<void> reserve_vnc_port(BuildContext& context, const QemuConfig& config, Vm& vm) {
  vm.vnc_reservation =
      TRY(steps::PortReservation::take(config.vnc.port_min, config.vnc.port_max,
                                       config.vnc.bind_address, context.cache_directory,
                                       context.random));
  vm.vnc_port = vm.vnc_reservation->port();
  return {};
}

}  // namespace

Result<void> DiscoverHttpAddress::run(BuildContext& context) {
  const steps::HttpOptions& http = config_->http;
  if (!config_->net_bridge.empty()) {
    context.http_ip = TRY(steps::interface_address(config_->net_bridge));
  } else if (!http.interface.empty()) {
    // The user network shows only loopback as 10.0.2.2; another address is reached as it is.
    context.http_ip = TRY(steps::interface_address(http.interface));
  } else if (!http.bind_address.empty() && http.bind_address != "0.0.0.0" &&
             http.bind_address != "::" && !http.bind_address.starts_with("127.")) {
    context.http_ip = http.bind_address;
  } else {
    context.http_ip = kUserNetworkHost;
  }
  return {};
}

Result<void> ForwardPort::run(BuildContext& context) {
  const CommunicatorOptions& communicator = config_->communicator;
  if (communicator.type == CommunicatorType::None || !config_->net_bridge.empty()) return {};
  vm_->guest_port = communicator.port();
  context.guest_host = communicator.host().empty() ? "127.0.0.1" : communicator.host();
  context.guest_port = communicator.port();
  if (config_->skip_nat_mapping) return {};
  return reserve_host_port(context, *config_, *vm_);
}

Result<void> ForwardPort::cleanup(BuildContext&) {
  vm_->host_reservation.reset();
  return {};
}

Result<void> ConfigureVnc::run(BuildContext& context) {
  if (config_->boot.disable_vnc) return {};
  const VncOptions& vnc = config_->vnc;
  TRY(reserve_vnc_port(context, *config_, *vm_));
  if (vnc.use_password) {
    vm_->vnc_password = Secret(vnc.password.empty() ? context.random.word(8) : vnc.password);
  }
  return {};
}

Result<void> ConfigureVnc::cleanup(BuildContext&) {
  vm_->vnc_reservation.reset();
  return {};
}

Result<void> renew_ports(BuildContext& context, const QemuConfig& config, Vm& vm) {
  if (vm.host_reservation) TRY(reserve_host_port(context, config, vm));
  if (vm.vnc_reservation) TRY(reserve_vnc_port(context, config, vm));
  return {};
}

}  // namespace farm::builders::platform_qemu
