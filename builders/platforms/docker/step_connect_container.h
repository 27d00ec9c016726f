// ConnectContainer: the communicator into the container: through the container program, or by ssh
// or winrm to its address.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"

namespace farm::builders::platform_docker {

class ConnectContainer final : public Step {
 public:
  ConnectContainer(const DockerConfig& config, Container& container)
      : config_(&config), container_(&container) {}
  std::string_view name() const override { return "connect"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const DockerConfig* config_;
  Container* container_;
  std::unique_ptr<Step> remote_;  // ssh and winrm
};

}  // namespace farm::builders::platform_docker
