// Export: writes the file tree of the container as one tar file.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"
#include "builders/steps/tracked_path.h"

namespace farm::builders::platform_docker {

class Export final : public Step {
 public:
  Export(const DockerConfig& config, Container& container)
      : config_(&config), container_(&container) {}
  std::string_view name() const override { return "export"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const DockerConfig* config_;
  Container* container_;
  steps::TrackedPath file_;
  bool done_ = false;
};

}  // namespace farm::builders::platform_docker
