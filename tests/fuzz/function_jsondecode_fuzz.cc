// LIBS: farm_template_functions
#include "common/template/functions/json_reader.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto v = farm::functions::read_json({reinterpret_cast<const char*>(data), size});
  // What was read can be written, and reads as the same again.
  if (v) {
    const auto json = farm::value::to_json(*v);
    FARM_CHECK(json.has_value());
    const auto again = farm::functions::read_json(*json);
    FARM_CHECK(again.has_value() && *again == *v);
  }
  return 0;
}
