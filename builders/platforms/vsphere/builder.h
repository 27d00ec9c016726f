// VsphereIsoBuilder and VsphereCloneBuilder: install a machine from an ISO, or change a clone of an
// existing one, on a vCenter server or ESXi host. steps() is the story of one build.
#pragma once

#include <vector>

#include "builders/core/component.h"
#include "builders/platforms/vsphere/config.h"
#include "builders/platforms/vsphere/machine.h"

namespace farm::builders::vsphere {

class VsphereIsoBuilder final : public Builder {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::vector<StepPtr> steps(Machine& machine);
  IsoConfig config_;
};

class VsphereCloneBuilder final : public Builder {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::vector<StepPtr> steps(Machine& machine);
  CloneConfig config_;
};

}  // namespace farm::builders::vsphere
