// LIBS: farm_common_wire
// What a submission says was read while it was planned, and what a planner answers: bytes of others.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/wire/plan_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto record = wire::decode_plan_record(bytes, wire::kMaxPlanRecord)) {
    const std::string text = wire::encode_plan_record(*record);
    const auto again = wire::decode_plan_record(text, wire::kMaxFilledPlanRecord);
    if (!again || again->answers.size() != record->answers.size()) std::abort();
  }
  if (const auto reply = wire::decode_plan_reply(bytes)) {
    const auto again = wire::decode_plan_reply(wire::encode_plan_reply(*reply));
    if (!again || again->jobs.size() != reply->jobs.size()) std::abort();
  }
  return 0;
}
