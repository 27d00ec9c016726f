// CreateFloppy: a 1.44 MB FAT12 image from the template's files, made with mtools, without mounting
// and without root.
#pragma once

#include <string>

#include "builders/core/step.h"
#include "builders/steps/media_options.h"

namespace farm::builders::steps {

class CreateFloppy final : public Step {
 public:
  /// The image's absolute path goes to `result` (empty when no floppy is wanted).
  CreateFloppy(FloppyOptions options, std::string& result)
      : options_(std::move(options)), result_(&result) {}
  std::string_view name() const override { return "create_floppy"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> stage(BuildContext& context, const std::string& folder) const;
  FloppyOptions options_;
  std::string* result_;
};

}  // namespace farm::builders::steps
