// PullImage: fetches the image to start from, logged in where asked to, and finds out what it is.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"

namespace farm::builders::platform_docker {

class PullImage final : public Step {
 public:
  PullImage(const DockerConfig& config, Container& container)
      : config_(&config), container_(&container) {}
  std::string_view name() const override { return "pull_image"; }
  Result<void> run(BuildContext& context) override;

 private:
  const DockerConfig* config_;
  Container* container_;
};

}  // namespace farm::builders::platform_docker
