// LIBS: farm_builders_schema
// Descriptions of external components: foreign JSON that becomes option tables.
#include <cstddef>
#include <cstdint>
#include <string>

#include "builders/core/schema/external.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)farm::builders::read_external_components(
      std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
