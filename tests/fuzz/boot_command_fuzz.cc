// LIBS: farm_builder_steps_config
// Boot commands and checksum files come from users and mirrors.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "builders/steps/boot_command.h"
#include "builders/steps/checksum.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(farm::builders::steps::parse_boot_command(text));
  static_cast<void>(farm::builders::steps::find_checksum(text, "x.iso"));
  return 0;
}
