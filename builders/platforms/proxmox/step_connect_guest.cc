#include "builders/platforms/proxmox/step_connect_guest.h"

namespace farm::builders::platform_proxmox {

Result<void> ConnectGuest::run(BuildContext& context) {
  const CommunicatorOptions& options = config_->communicator;
  steps::MachineWatch watch;
  context.guest_host = options.host();
  context.guest_port = options.port();
  if (options.host().empty()) {
    watch.address = [&](const CancelToken& cancel) { return address_.find(context, cancel); };
  }
  const Result<void> connected = steps::Connect(options, std::move(watch)).run(context);
  if (connected || connected.error().code != ErrorCode::Timeout) return connected;
  Error error = connected.error();
  const std::string& reason = address_.last_reason();
  if (!reason.empty()) {
    while (error.message.ends_with('.')) error.message.pop_back();
    if (error.message.find(reason) == std::string::npos) error.message += ": " + reason;
  } else if (!context.guest_host.empty()) {
    error.message += " (at " + context.guest_host + ")";
  }
  return error;
}

Result<void> ConnectGuest::cleanup(BuildContext& context) {
  context.communicator.reset();
  return {};
}

}  // namespace farm::builders::platform_proxmox
