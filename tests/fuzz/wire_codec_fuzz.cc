// LIBS: farm_common_wire
// Frames of peers: whatever arrives, decode() answers with a message or an error; a message that
// came in goes out again.
#include <cstdint>
#include <string_view>

#include "common/wire/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  farm::Result<farm::wire::Message> message = farm::wire::decode(frame);
  if (message) (void)farm::wire::encode(*message);
  return 0;
}
