#include "builders/steps/provision.h"

#include <fmt/format.h>

namespace farm::builders::steps {

Result<void> Provision::run(BuildContext& context) {
  if (!context.provision) return {};
  return context.provision(context);
}

Result<void> Provision::cleanup(BuildContext& context) {
  // Also for an error of a later step, as templates rely on.
  if (!context.failure || !context.error_cleanup) return {};
  context.ui.say(
      "Provisioning step had errors: Running the cleanup provisioner, if present...");
  const Result<void> cleaned = context.error_cleanup(context, *context.failure);
  if (cleaned) return {};
  return Error{cleaned.error().code,
               fmt::format("Cleanup failed: {}. Original Provisioning error: {}",
                           cleaned.error().message, context.failure->message),
               false};
}

}  // namespace farm::builders::steps
