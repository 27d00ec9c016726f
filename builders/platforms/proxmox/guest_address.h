// GuestAddress: where the guest is, as its qemu-guest-agent says.
#pragma once

#include <optional>
#include <string>

#include "builders/core/build_context.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

/// The address in an answer of network-get-interfaces: with `interface` its first one that is not
/// loopback or link-local, else the first IPv4 of any. Unavailable says what is missing.
Result<std::string> address_in(const Json& answer, const std::string& interface);

class GuestAddress {
 public:
  GuestAddress(const ProxmoxConfig& config, Client& client, Vm& vm)
      : config_(&config), client_(&client), vm_(&vm) {}

  /// Asks at most every second. Unavailable: not known yet; last_reason() says why.
  Result<std::string> find(BuildContext& context, const CancelToken& cancel);
  const std::string& last_reason() const { return reason_; }

 private:
  Result<std::string> ask(const CancelToken& cancel) const;
  const ProxmoxConfig* config_;
  Client* client_;
  Vm* vm_;
  std::string reason_;
  std::string address_;  // what the last question was answered with
  std::optional<Instant> asked_;
  std::optional<Instant> told_;
};

}  // namespace farm::builders::platform_proxmox
