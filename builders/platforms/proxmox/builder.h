// ProxmoxBuilder: a machine on a Proxmox VE cluster, installed from an ISO (proxmox-iso) or cloned
// from another (proxmox-clone), made into a template. The list in steps() is the story of one build.
#pragma once

#include <memory>
#include <vector>

#include "builders/core/component.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

class ProxmoxBuilder final : public Builder {
 public:
  explicit ProxmoxBuilder(Kind kind) : kind_(kind) {}
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::vector<StepPtr> steps(Client& client, Vm& vm, std::vector<std::string>& local_isos);
  artifact::Artifact make_artifact(const BuildContext& context, const Vm& vm) const;
  Kind kind_;
  ProxmoxConfig config_;
};

}  // namespace farm::builders::platform_proxmox
