// LIBS: farm_common_plan
// Any bytes: decode_job must refuse or give a job that encodes again.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/plan/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const farm::Result<farm::plan::JobSpec> job = farm::plan::decode_job(bytes);
  if (job) {
    const auto again = farm::plan::decode_job(farm::plan::encode_job(*job));
    FARM_CHECK(again.has_value());
  }
  return 0;
}
