// Manifest: the document of the `manifest` post-processor: which builds made which artifacts. The
// same type serves the file a job writes and the document of a whole build, merged in template order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::artifact {

struct ManifestFile {
  std::string name;
  uint64_t size = 0;
};

struct ManifestBuild {
  std::string name;
  std::string builder_type;
  int64_t build_time = 0;  // unix seconds; left out of the document when 0
  std::optional<std::vector<ManifestFile>> files;  // empty: null in the document
  std::string artifact_id;
  std::string run_uuid;
  std::optional<std::map<std::string, std::string>> custom_data;  // empty: null
};

struct Manifest {
  std::vector<ManifestBuild> builds;
  std::string last_run_uuid;
};

/// The document, byte for byte as Packer writes it: keys in this order, two spaces of indentation,
/// < > & escaped, no final newline.
std::string manifest_text(const Manifest& manifest);
/// Corrupt: no JSON, or not of this shape. Unknown keys are ignored.
Result<Manifest> parse_manifest(std::string_view text);

/// One document of the documents of a build's jobs, given in template order; empty texts are jobs
/// that wrote none. Entries of other runs are left out; last_run_uuid is `run_uuid`. With an empty
/// `run_uuid` every entry is taken and the last uuid given stands.
Result<Manifest> merge_manifests(const std::vector<std::string>& texts,
                                 const std::string& run_uuid);

}  // namespace farm::artifact
