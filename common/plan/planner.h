// plan_template: Template -> Plan: builds x sources in order, filtered, each component decoded by
// its option table. The same call runs in farmctl and in the coordinator.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/plan/component_places.h"
#include "common/plan/plan.h"
#include "common/plan/schema.h"
#include "common/template/template.h"

namespace farm::plan {

struct PlanOptions {
  std::vector<std::string> only;    // globs (HCL2), exact names (JSON)
  std::vector<std::string> except;  // also names of post-processors
  /// Components that are known but not built in: refused (build, submit) or warned of (validate).
  bool require_built_in = false;
  /// Checks that a component makes of its own config, without side effects. Null: none.
  std::function<void(const JobSpec&, const ComponentPlaces&, Diagnostics&)> component_check;
};

/// The jobs of a template, and which of them cannot be prepared: they do not stop the others.
struct PlannedJobs {
  Plan plan;
  Diagnostics diagnostics;
  std::set<std::string> refused;  // display names; such a job may still stand in the plan
  bool usable = true;             // false: an error concerns the whole template
};

/// Every mistake is reported, the same one only once.
PlannedJobs plan_jobs(const templates::Template& made, const PlanOptions& options,
                      const ComponentCatalog& catalog);

/// plan_jobs() for those who want all of the jobs or none.
Diagnosed<Plan> plan_template(const templates::Template& made, const PlanOptions& options,
                              const ComponentCatalog& catalog);

}  // namespace farm::plan
