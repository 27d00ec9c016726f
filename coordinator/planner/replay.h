// Replay: a template planned again from what farmctl recorded, without a disk, an environment or a
// network. A pure function of the record; runs inside the sandbox.
#pragma once

#include "common/plan/plan_record.h"

namespace farm::coordinator {

/// The jobs as farmctl hands them in: options that name files are already those of the bundle. The
/// reply's error says what is wrong with the template (InvalidInput), or what it asks for that was
/// not handed in (Denied).
plan::PlanReply plan_again(plan::PlanRecord record);

}  // namespace farm::coordinator
