// The bytes of a PlanRecord and a PlanReply (schemas/plan.fbs): inside Submit, and on the pipes
// between the coordinator and its planner.
#pragma once

#include <string>
#include <string_view>

#include "common/plan/plan_record.h"

namespace farm::wire {

/// Largest record that Submit may carry, and that the planner takes once the bundle's bytes are in.
inline constexpr size_t kMaxPlanRecord = 6U << 20;
inline constexpr size_t kMaxFilledPlanRecord = 96U << 20;
/// Largest reply of a planner.
inline constexpr size_t kMaxPlanReply = 32U << 20;

std::string encode_plan_record(const plan::PlanRecord& record);
/// Corrupt: no such record, or more than `limit` bytes of one.
Result<plan::PlanRecord> decode_plan_record(std::string_view bytes, size_t limit);
std::string encode_plan_reply(const plan::PlanReply& reply);
/// Corrupt.
Result<plan::PlanReply> decode_plan_reply(std::string_view bytes);

}  // namespace farm::wire
