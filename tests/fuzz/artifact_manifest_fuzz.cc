// LIBS: farm_common_artifact
// The manifest document that agents send and people edit.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/artifact/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto manifest = farm::artifact::parse_manifest(text);
  (void)farm::artifact::merge_manifests({text, text}, "run");
  if (!manifest) return 0;
  const std::string written = farm::artifact::manifest_text(*manifest);
  const auto again = farm::artifact::parse_manifest(written);
  if (!again || farm::artifact::manifest_text(*again) != written) std::abort();
  return 0;
}
