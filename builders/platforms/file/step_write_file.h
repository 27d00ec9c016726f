// The one action of the `file` builder: writes content, or copies a source, to the target.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/file/config.h"

namespace farm::builders::platform_file {

class WriteFile final : public Step {
 public:
  explicit WriteFile(const Config& config) : config_(config) {}
  std::string_view name() const override { return "write_file"; }
  Result<void> run(BuildContext& context) override;

 private:
  const Config& config_;
};

}  // namespace farm::builders::platform_file
