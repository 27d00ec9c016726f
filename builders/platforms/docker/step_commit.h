// Commit: makes an image of the container as it is now.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"

namespace farm::builders::platform_docker {

class Commit final : public Step {
 public:
  Commit(const DockerConfig& config, Container& container)
      : config_(&config), container_(&container) {}
  std::string_view name() const override { return "commit"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<std::vector<std::string>> changes(BuildContext& context) const;
  const DockerConfig* config_;
  Container* container_;
};

}  // namespace farm::builders::platform_docker
