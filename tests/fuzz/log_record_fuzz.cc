// LIBS: farm_common_wire
// Log bytes of an agent as the coordinator and farmctl read them.
#include <cstdint>
#include <string_view>

#include "common/wire/picture_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t total = 0;
  farm::wire::PictureReader pictures;
  farm::wire::read_records({reinterpret_cast<const char*>(data), size},
                           [&](const farm::wire::LogRecord& record) {
                             total += record.text.size();
                             if (const auto picture = pictures.take(record)) {
                               if (picture->png.size() > size) __builtin_trap();
                             }
                           });
  return total > size ? __builtin_trap(), 0 : 0;
}
