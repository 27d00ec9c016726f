// PrepareFolder: the folder that host and container share, for files on their way.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/docker/config.h"
#include "builders/platforms/docker/container.h"
#include "builders/steps/tracked_path.h"

namespace farm::builders::platform_docker {

class PrepareFolder final : public Step {
 public:
  explicit PrepareFolder(Container& container) : container_(&container) {}
  std::string_view name() const override { return "prepare_folder"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Container* container_;
  steps::TrackedPath folder_;
};

}  // namespace farm::builders::platform_docker
