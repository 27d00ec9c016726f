// LIBS: farm_farmctl_bundle
// A .farmignore file.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ops/farmctl/client/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& pattern : farm::farmctl::parse_ignore(text)) {
    if (pattern.empty() || pattern.find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
