// Artifact: a result of a builder or post-processor: files and what the manifest says of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/value/value.h"

namespace farm::artifact {

struct Artifact {
  std::string builder_id;          // "transcend.qemu"
  std::string id;                  // "VM"
  std::string text;                // "VM files in directory: output-base"
  std::vector<std::string> files;  // paths, relative to the job's working directory or absolute
  std::map<std::string, value::Value> state;  // generated_data, diskName, ...
  /// Removed by destroy() when a post-processor does not keep its input.
  std::vector<std::string> destroy_paths;
  /// What destroy() does besides: removes an image from a daemon or at a provider. Owns what it
  /// needs; must be idempotent.
  std::function<Result<void>()> destroy_outside;
};

/// Removes destroy_paths and what is outside; missing ones are no error. The first failure is
/// returned, all are tried.
Result<void> destroy(const Artifact& artifact, const std::string& working_directory);

}  // namespace farm::artifact
