#include <filesystem>
#include <system_error>

#include "common/artifact/artifact.h"

namespace farm::artifact {

Result<void> destroy(const Artifact& artifact, const std::string& working_directory) {
  Result<void> first;
  for (const std::string& path : artifact.destroy_paths) {
    std::filesystem::path target(path);
    if (target.is_relative()) target = std::filesystem::path(working_directory) / target;
    std::error_code error;
    std::filesystem::remove_all(target, error);
    if (error && first) first = system_error("remove " + target.string(), error.value());
  }
  if (artifact.destroy_outside) {
    Result<void> removed = artifact.destroy_outside();
    if (!removed && first) first = std::move(removed);
  }
  return first;
}

}  // namespace farm::artifact
