// LIBS: farm_common_zmq
// A CURVE key file: refused, or a pair that belongs together.
#include <cstdint>
#include <cstdlib>

#include "common/net/zmq/keys.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const farm::fuzz::MemoryFile file(data, size);
  const auto keys = farm::net::load_or_create_curve_keys(file.path());
  if (!keys) return 0;
  const auto derived = farm::net::curve_public_key(keys->secret_key);
  if (!derived || *derived != keys->public_key) std::abort();
  return 0;
}
