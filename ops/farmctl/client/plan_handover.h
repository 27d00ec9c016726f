// PlanHandover: the record of a planning, made ready to travel: bytes that the bundle holds are named
// there instead of being sent twice.
#pragma once

#include <string>

#include "common/plan/plan_world.h"
#include "common/plan/planner.h"
#include "common/template/source/loader.h"
#include "ops/farmctl/client/bundle.h"

namespace farm::farmctl {

/// encode_plan_record() of what `world` recorded while `load` and `options` were planned. The bundle
/// must have its digests (it was uploaded). InvalidInput: the template reads too much from outside
/// of its bundle.
Result<std::string> hand_over_plan(plan::PlanWorld& world, const templates::LoadOptions& load,
                                   const plan::PlanOptions& options, const Bundle& bundle);

}  // namespace farm::farmctl
