// LIBS: farm_template_functions
#include "common/template/functions/csv_reader.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)farm::functions::read_csv({reinterpret_cast<const char*>(data), size});
  return 0;
}
