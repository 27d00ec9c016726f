// DeriveKey: the public half of ssh_private_key_file, which cloud-init puts into a clone.
#pragma once

#include "builders/communicators/communicator_options.h"
#include "builders/core/step.h"

namespace farm::builders::platform_proxmox {

class DeriveKey final : public Step {
 public:
  explicit DeriveKey(const CommunicatorOptions& options) : options_(&options) {}
  std::string_view name() const override { return "derive_key"; }
  Result<void> run(BuildContext& context) override;

 private:
  const CommunicatorOptions* options_;
};

}  // namespace farm::builders::platform_proxmox
