// Waiting for a machine to boot and typing into it: what every platform with a console shares.
#pragma once

#include <map>
#include <string>

#include "builders/core/build_context.h"
#include "builders/steps/boot_options.h"
#include "builders/steps/key_driver.h"

namespace farm::builders::steps {

/// Waits boot_wait (none when negative). Cancelled when the token fires.
Result<void> wait_for_boot(BuildContext& context, const BootOptions& options,
                           const CancelToken& cancel);

/// Renders every piece with `data` (HTTPIP, Name, ...) and types it.
Result<void> type_boot_command(BuildContext& context, const BootOptions& options,
                               const std::map<std::string, std::string>& data,
                               KeyDriver& driver, const CancelToken& cancel);

/// A late option's text with `data` as its {{ .X }} fields; InvalidInput for any other field.
Result<std::string> render_late(BuildContext& context, const std::string& text,
                                const std::map<std::string, std::string>& data);

}  // namespace farm::builders::steps
