// Temporary SSH keys: a pair made for one build when the template gives no credentials, and its
// removal from the guest afterwards.
#pragma once

#include <string>

#include "builders/communicators/communicator_options.h"
#include "builders/core/step.h"

namespace farm::builders::steps {

class CreateTemporaryKey final : public Step {
 public:
  /// The pair goes into `options` (for Connect) and the context; `options` must outlive the step.
  explicit CreateTemporaryKey(CommunicatorOptions& options) : options_(&options) {}
  std::string_view name() const override { return "create_temporary_key"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> write_debug_key(BuildContext& context);
  CommunicatorOptions* options_;
  std::string debug_file_;
};

/// After provisioning: takes the temporary key out of the guest's authorized_keys when
/// ssh_clear_authorized_keys asks for it. Failures are only said.
class RemoveTemporaryKey final : public Step {
 public:
  explicit RemoveTemporaryKey(const CommunicatorOptions& options) : options_(&options) {}
  std::string_view name() const override { return "remove_temporary_key"; }
  Result<void> run(BuildContext& context) override;

 private:
  const CommunicatorOptions* options_;
};

}  // namespace farm::builders::steps
