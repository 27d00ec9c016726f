// BuildImage: makes the image to start from out of a Dockerfile, if the template has a `build`
// block.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"

namespace farm::builders::platform_docker {

class BuildImage final : public Step {
 public:
  BuildImage(const DockerConfig& config, Container& container)
      : config_(&config), container_(&container) {}
  std::string_view name() const override { return "build_image"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  std::vector<std::string> arguments(BuildContext& context, const std::string& id_file) const;
  const DockerConfig* config_;
  Container* container_;
  std::optional<uint64_t> intent_;  // an image that is discarded with the container
  std::string name_;
};

}  // namespace farm::builders::platform_docker
