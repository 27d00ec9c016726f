#include "builders/steps/key_driver.h"

namespace farm::builders::steps {

Result<void> type_events(const BootCommand& command, KeyDriver& driver,
                         const CancelToken& cancel) {
  for (const BootEvent& event : command.events) {
    TRY(cancel.check());
    if (event.kind != BootEvent::Kind::Wait) {
      TRY(driver.send(event, cancel));
      continue;
    }
    TRY(driver.flush(cancel));
    if (!cancel.sleep(event.wait)) return cancelled("cancelled");
    driver.waited();
  }
  return driver.flush(cancel);
}

}  // namespace farm::builders::steps
