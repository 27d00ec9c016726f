// Jobs of an HCL2 template: every build block x source, bodies evaluated with source.* known and
// build.* not yet.
#pragma once

#include "common/plan/component_lookup.h"
#include "common/plan/job_filter.h"
#include "common/plan/option_rules.h"
#include "common/plan/planner.h"
#include "common/template/template.h"

namespace farm::plan {

void plan_hcl_jobs(const templates::Template& made, const PlanOptions& options,
                   ComponentLookup& lookup, JobFilter& filter, PlannedJobs& planned,
                   Diagnostics& diagnostics);

}  // namespace farm::plan
