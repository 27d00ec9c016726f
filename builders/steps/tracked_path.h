// TrackedPath: a file or directory outside the job's own temp folder that is written into the
// resource ledger before it is made, so that it is swept even after kill -9 of everything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builders/core/build_context.h"

namespace farm::builders::steps {

class TrackedPath {
 public:
  /// Records the intent; the caller creates `path` (absolute) afterwards.
  Result<void> intend(BuildContext& context, const std::string& path);
  /// Removes it and records that it is gone. No-op without intent.
  Result<void> remove(BuildContext& context);
  /// It has become the artifact: nothing to sweep any more.
  Result<void> keep(BuildContext& context);
  const std::string& path() const { return path_; }

 private:
  std::optional<uint64_t> intent_;
  std::string path_;
};

}  // namespace farm::builders::steps
