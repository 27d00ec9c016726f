// Provision: runs the template's provisioners; in cleanup after an error, the
// error-cleanup-provisioner.
#pragma once

#include "builders/core/step.h"

namespace farm::builders::steps {

class Provision final : public Step {
 public:
  std::string_view name() const override { return "provision"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;
};

}  // namespace farm::builders::steps
