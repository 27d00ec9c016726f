#include "common/plan/planner.h"

#include <set>

#include "common/plan/component_lookup.h"
#include "common/plan/hcl_jobs.h"
#include "common/plan/job_filter.h"
#include "common/plan/legacy_jobs.h"

namespace farm::plan {
namespace {

/// One mistake in a provisioner shows once, not once per source.
Diagnostics without_repeats(Diagnostics all) {
  Diagnostics kept;
  std::set<std::string> seen;
  for (Diagnostic& item : all.items()) {
    std::string key = item.summary + '\0' + item.detail + '\0';
    if (item.subject) {
      key += item.subject->file + ':' + std::to_string(item.subject->start.line) + ':' +
             std::to_string(item.subject->start.column);
    }
    if (seen.insert(std::move(key)).second) kept.add(std::move(item));
  }
  return kept;
}

}  // namespace

Diagnosed<Plan> plan_template(const templates::Template& made, const PlanOptions& options,
                              const ComponentCatalog& catalog) {
  Plan plan;
  plan.template_name = made.path;
  plan.description = made.description;
  plan.sensitive = made.sensitive;
  Diagnostics diagnostics;
  ComponentLookup lookup(catalog, options);
  if (made.syntax == templates::Syntax::Hcl2) {
    JobFilter filter(options, JobFilter::Match::Glob);
    plan_hcl_jobs(made, options, lookup, filter, plan, diagnostics);
    filter.report_unmatched(diagnostics);
  } else {
    JobFilter filter(options, JobFilter::Match::Exact);
    plan_legacy_jobs(made, options, lookup, filter, plan, diagnostics);
    filter.report_unmatched(diagnostics);
  }
  return {std::move(plan), without_repeats(std::move(diagnostics))};
}

}  // namespace farm::plan
