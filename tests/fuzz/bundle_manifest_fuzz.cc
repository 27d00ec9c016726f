// LIBS: farm_common_artifact
// The list of files of a bundle: no accepted path may lead out of the folder it is unpacked to.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "common/artifact/bundle_manifest.h"
#include "common/artifact/bundle_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (farm::artifact::check_bundle_path(bytes)) {
    const std::string root = "/r/";
    const auto whole = std::filesystem::path(root + std::string(bytes)).lexically_normal();
    if (!whole.string().starts_with(root) || whole.string() == root) std::abort();
  }
  const auto entries = farm::artifact::decode_bundle(bytes);
  if (!entries) return 0;
  const std::string text = farm::artifact::encode_bundle(*entries);
  const auto again = farm::artifact::decode_bundle(text);
  if (!again || farm::artifact::encode_bundle(*again) != text) std::abort();
  return 0;
}
