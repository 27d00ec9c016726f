// VmwareIsoBuilder and VmwareVmxBuilder: machines of VMware Workstation or Fusion on this host.
#pragma once

#include <optional>
#include <vector>

#include "builders/core/component.h"
#include "builders/platforms/vmware/steps.h"

namespace farm::builders::vmware {

class VmwareIsoBuilder final : public Builder {
 public:
  /// `installation`: instead of the usual places; for tests.
  explicit VmwareIsoBuilder(std::optional<Installation> installation = {})
      : installation_(std::move(installation)) {}
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::optional<Installation> installation_;
  VmwareIsoConfig config_;
};

class VmwareVmxBuilder final : public Builder {
 public:
  explicit VmwareVmxBuilder(std::optional<Installation> installation = {})
      : installation_(std::move(installation)) {}
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::optional<Installation> installation_;
  VmwareVmxConfig config_;
};

}  // namespace farm::builders::vmware
