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

PlannedJobs plan_jobs(const templates::Template& made, const PlanOptions& options,
                      const ComponentCatalog& catalog) {
  PlannedJobs planned;
  Plan& plan = planned.plan;
  plan.template_name = made.path;
  plan.description = made.description;
  plan.sensitive = made.sensitive;
  Diagnostics diagnostics;
  ComponentLookup lookup(catalog, options);
  if (made.syntax == templates::Syntax::Hcl2) {
    JobFilter filter(options, JobFilter::Match::Glob);
    plan_hcl_jobs(made, options, lookup, filter, planned, diagnostics);
    filter.report_unmatched(diagnostics);
  } else {
    JobFilter filter(options, JobFilter::Match::Exact);
    plan_legacy_jobs(made, options, lookup, filter, planned, diagnostics);
    filter.report_unmatched(diagnostics);
  }
  planned.diagnostics = without_repeats(std::move(diagnostics));
  return planned;
}

Diagnosed<Plan> plan_template(const templates::Template& made, const PlanOptions& options,
                              const ComponentCatalog& catalog) {
  PlannedJobs planned = plan_jobs(made, options, catalog);
  return {std::move(planned.plan), std::move(planned.diagnostics)};
}

}  // namespace farm::plan
