// PrepareOutputDirectory: the folder that becomes the artifact: must not exist (or is deleted with
// -force), and goes away again when the build fails or is cancelled.
#pragma once

#include <string>

#include "builders/core/step.h"
#include "builders/steps/tracked_path.h"

namespace farm::builders::steps {

class PrepareOutputDirectory final : public Step {
 public:
  explicit PrepareOutputDirectory(std::string directory) : directory_(std::move(directory)) {}
  std::string_view name() const override { return "output_directory"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  std::string directory_;
  TrackedPath tracked_;
};

}  // namespace farm::builders::steps
