// LIBS: farm_coordinator_rocks
// The high-water file: refused, or a number that is written back as it was.
#include <cstdint>
#include <cstdlib>

#include "coordinator/store/high_water.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const farm::fuzz::MemoryFile file(data, size);
  auto mark = farm::coordinator::HighWater::open(file.path());
  if (!mark) return 0;
  const uint64_t value = mark->value();
  if (!mark->advance(value)) std::abort();
  const auto again = farm::coordinator::HighWater::open(file.path());
  if (!again || again->value() != value) std::abort();
  return 0;
}
