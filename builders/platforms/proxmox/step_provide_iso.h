// ProvideIso: sees that one CD's medium is on a storage of the cluster: it is there already, the node
// fetches it, or it is uploaded from here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builders/core/step.h"
#include "builders/platforms/proxmox/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {

class ProvideIso final : public Step {
 public:
  /// `local`: where earlier steps put the file, set when this one runs. The volume goes to
  /// vm.placement.iso_volumes[number].
  ProvideIso(const IsoSource& iso, size_t number, const std::string& local, Client& client, Vm& vm)
      : iso_(&iso), number_(number), local_(&local), client_(&client), vm_(&vm) {}
  std::string_view name() const override { return "provide_iso"; }
  Result<void> run(BuildContext& context) override;
  /// ISOs made from cd_files go; those from URLs stay for the next build.
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> upload(BuildContext& context);
  Result<void> download_on_node(BuildContext& context);
  void provided(const std::string& name);

  const IsoSource* iso_;
  size_t number_;
  const std::string* local_;
  Client* client_;
  Vm* vm_;
  std::optional<uint64_t> intent_;
  std::string made_;  // volume of a CD that was made here
};

}  // namespace farm::builders::platform_proxmox
