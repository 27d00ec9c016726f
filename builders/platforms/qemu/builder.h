// QemuBuilder: installs or changes a disk image in a qemu machine on this host. The list in
// steps() is the story of one build.
#pragma once

#include <memory>
#include <vector>

#include "builders/core/component.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

class QemuBuilder final : public Builder {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::vector<StepPtr> steps(Driver& driver, Vm& vm);
  void settle_accelerator(BuildContext& context, Vm& vm) const;
  void settle_display(BuildContext& context, Vm& vm) const;
  QemuConfig config_;
};

/// The artifact of a finished build: every file of the output directory.
Result<artifact::Artifact> make_artifact(BuildContext& context, const QemuConfig& config,
                                         const Vm& vm);

}  // namespace farm::builders::platform_qemu
