// DockerBuilder: changes an image in a container. The list in steps() is the story of one build.
#pragma once

#include <vector>

#include "builders/core/component.h"
#include "builders/core/reaper.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"

namespace farm::builders::platform_docker {

class DockerBuilder final : public Builder {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override;
  std::vector<std::string> generated_names() const override;
  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override;

 private:
  std::vector<StepPtr> steps(Container& container);
  artifact::Artifact artifact_of(const BuildContext& context, const Container& container) const;
  DockerConfig config_;
};

/// Removes the container, or the image, that a killed build left.
Result<void> reap_container(ReapContext& context, const LeftResource& resource);
Result<void> reap_image(ReapContext& context, const LeftResource& resource);

}  // namespace farm::builders::platform_docker
