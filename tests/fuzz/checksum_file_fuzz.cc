// LIBS: farm_builder_steps
// Checksum files of distributions, and the iso_checksum option.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "builders/steps/checksum.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm::builders::steps;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto checksum = parse_checksum(text)) {
    const auto again = parse_checksum(checksum->text());
    if (!again || again->hex != checksum->hex || again->kind != checksum->kind) std::abort();
  }
  for (const char* name : {"debian-12.iso", "a b", ""}) {
    const auto found = find_checksum(text, name);
    if (found && found->hex.find_first_not_of("0123456789abcdef") != std::string::npos) std::abort();
  }
  return 0;
}
