// LIBS: farm_builder_steps
// A VNC server may send anything: the handshake must end, stay in bounds and keep its buffers small.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "builders/steps/rfb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool with_password = (data[0] & 1) != 0;
  const size_t piece = 1 + (data[0] >> 1) % 16;
  farm::builders::steps::RfbHandshake handshake(farm::Secret(with_password ? "secret" : ""));
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (size_t at = 1; at < size && !handshake.done(); at += piece) {
    const auto answer = handshake.receive(bytes.substr(at, piece));
    if (!answer) return 0;
  }
  return 0;
}
