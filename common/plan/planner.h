// plan_template: Template -> Plan: builds x sources in order, filtered, each component decoded by
// its option table. The same call runs in farmctl and in the coordinator.
#pragma once

#include <functional>
#include <string>
#include <vector>

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
  std::function<void(const JobSpec&, Diagnostics&)> component_check;
};

/// Every mistake is reported, the same one only once. The plan holds the jobs that could be made.
Diagnosed<Plan> plan_template(const templates::Template& made, const PlanOptions& options,
                              const ComponentCatalog& catalog);

}  // namespace farm::plan
