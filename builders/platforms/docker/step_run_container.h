// RunContainer: starts the container in which the provisioners work, and ends it in cleanup.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"

namespace farm::builders::platform_docker {

class RunContainer final : public Step {
 public:
  RunContainer(const DockerConfig& config, Container& container)
      : config_(&config), container_(&container) {}
  std::string_view name() const override { return "run_container"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<std::vector<std::string>> arguments(BuildContext& context);
  const DockerConfig* config_;
  Container* container_;
  std::string name_;
  std::optional<uint64_t> intent_;
};

}  // namespace farm::builders::platform_docker
