// UploadedMachine: the machine that ovftool makes at the server, as the resource ledger knows it: its
// path, written down before the upload and only when nothing is there yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builders/core/build_context.h"
#include "builders/core/reaper.h"
#include "builders/post_processors/vsphere/config.h"

namespace farm::builders::post_processor_vsphere {

inline constexpr const char* kUploadKind = "vsphere-upload";  // name: inventory path, id: reference

class UploadedMachine {
 public:
  explicit UploadedMachine(const Config& config) : config_(config) {}

  /// Conflict: a machine of that name is there and overwrite is off. One that is to be overwritten
  /// is not ours to remove, so it is not announced; neither is one at a server that cannot be asked,
  /// which is said.
  Result<void> announce(BuildContext& context);
  /// It is the artifact.
  Result<void> keep(BuildContext& context);
  /// After an upload that failed.
  Result<void> remove(BuildContext& context);

 private:
  const Config& config_;
  std::optional<uint64_t> intent_;
};

Result<void> reap_upload(ReapContext& context, const LeftResource& left);

}  // namespace farm::builders::post_processor_vsphere
