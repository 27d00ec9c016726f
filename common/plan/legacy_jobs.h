// Jobs of a legacy JSON template: one per builder, sorted by rendered name.
#pragma once

#include "common/plan/component_lookup.h"
#include "common/plan/job_filter.h"
#include "common/plan/planner.h"
#include "common/template/template.h"

namespace farm::plan {

void plan_legacy_jobs(const templates::Template& made, const PlanOptions& options,
                      ComponentLookup& lookup, JobFilter& filter, PlannedJobs& planned,
                      Diagnostics& diagnostics);

}  // namespace farm::plan
