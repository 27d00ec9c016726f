// SendKeyDriver: boot command events as calls of sendkey: one key with its modifiers per request,
// in the names of qemu's US keyboard.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builders/platforms/proxmox/machine.h"
#include "builders/steps/key_driver.h"

namespace farm::builders::platform_proxmox {

/// "ret", "shift-a"; empty: not on a US keyboard.
std::optional<std::string> key_name(const steps::BootEvent& event);

class SendKeyDriver final : public steps::KeyDriver {
 public:
  /// Pauses `interval` after every key.
  SendKeyDriver(Client& client, const Machine& machine, Duration interval)
      : client_(client), path_(machine.path("/sendkey")), interval_(interval) {}
  Result<void> send(const steps::BootEvent& event, const CancelToken& cancel) override;
  Result<void> flush(const CancelToken&) override { return {}; }

 private:
  Client& client_;
  std::string path_;
  Duration interval_;
  std::vector<std::string> held_;  // prefix every chord until they are released
};

}  // namespace farm::builders::platform_proxmox
