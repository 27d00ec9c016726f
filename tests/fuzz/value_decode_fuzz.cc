// LIBS: farm_common_value
// Foreign bytes as an encoded value: whatever decodes must encode to bytes that decode again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/value/value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto v = farm::value::decode(bytes);
  if (!v) return 0;
  const auto again = farm::value::decode(farm::value::encode(*v));
  FARM_CHECK(again.has_value());
  FARM_CHECK(again->type() == v->type());
  return 0;
}
