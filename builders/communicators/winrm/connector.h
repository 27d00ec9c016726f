// connect_winrm(): waits until a machine that is being installed answers over WinRM, saying what
// users know from Packer. Thread: the build's.
#pragma once

#include <memory>
#include <string>

#include "builders/communicators/communicator_options.h"
#include "builders/core/communicator.h"
#include "builders/core/ui.h"

namespace farm::builders::winrm {

struct WinRmTarget {
  std::string host;
  uint16_t port = 5985;
  std::string temp_directory;  // see WinRmCommunicator
  Duration pause_before_connecting{0};
  Duration poll = std::chrono::seconds(5);  // between tries
};

/// Ready is a machine that echoes "WinRM connected." through PowerShell. Limit: options.timeout. A
/// refused login is tried on: installations set the password late.
Result<std::unique_ptr<Communicator>> connect_winrm(const WinRmOptions& options,
                                                    const WinRmTarget& target,
                                                    const CancelToken& cancel, Ui& ui);

}  // namespace farm::builders::winrm
