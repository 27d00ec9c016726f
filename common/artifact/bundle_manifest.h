// BundleManifest: the list of files of a template's bundle as a document of its own, stored and
// fetched by its digest like the files it names. Coordinator writes it, agents unpack by it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::artifact {

struct BundleEntry {
  std::string path;    // relative, plain (check_bundle_path)
  std::string sha256;  // hex; empty for a symbolic link
  uint64_t size = 0;
  uint32_t mode = 0644;
  std::string link_target;  // symbolic link
};

/// JSON; the same entries give the same bytes.
std::string encode_bundle(const std::vector<BundleEntry>& entries);
/// Corrupt: not such a document. InvalidInput: a path leads out of the bundle, lies below a
/// symbolic link of it, or is there twice.
Result<std::vector<BundleEntry>> decode_bundle(std::string_view text);
/// The semantic checks of decode_bundle alone.
Result<void> check_bundle(const std::vector<BundleEntry>& entries);

}  // namespace farm::artifact
