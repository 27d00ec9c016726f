// KeyDriver: sends the key events of a boot command to a machine. One implementation per way in:
// VNC (qemu, vmware), scan codes, provider APIs.
#pragma once

#include "builders/steps/boot_command.h"
#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders::steps {

class KeyDriver {
 public:
  virtual ~KeyDriver() = default;
  /// A Special or Character event; never a Wait. Keeps the pause between keys itself.
  virtual Result<void> send(const BootEvent& event, const CancelToken& cancel) = 0;
  /// Sends what is held back; called before a wait and at the end.
  virtual Result<void> flush(const CancelToken& cancel) = 0;
  /// A wait of the command is over: the moment to look at the screen.
  virtual void waited() {}
};

/// Types all events of `command`. Cancelled ends it at the next event or in a wait.
Result<void> type_events(const BootCommand& command, KeyDriver& driver, const CancelToken& cancel);

}  // namespace farm::builders::steps
