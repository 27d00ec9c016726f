// Finding the option table of a component that a template names, with a report when there is none.
#pragma once

#include <set>
#include <string>

#include "common/base/diagnostic.h"
#include "common/plan/planner.h"

namespace farm::plan {

class ComponentLookup {
 public:
  ComponentLookup(const ComponentCatalog& catalog, const PlanOptions& options)
      : catalog_(catalog), options_(options) {}

  /// nullptr after a report: unknown type, or (require_built_in) one that cannot run here.
  const ComponentSchema* find(ComponentKind kind, const std::string& type,
                              const SourceRange& place, Diagnostics& diagnostics);
  /// Reports a name that nothing is known of, not even what replaced it.
  void check_name(ComponentKind kind, const std::string& type, const SourceRange& place,
                  Diagnostics& diagnostics) const;

 private:
  void report_unknown(ComponentKind kind, const std::string& type, const SourceRange& place,
                      Diagnostics& diagnostics) const;

  const ComponentCatalog& catalog_;
  const PlanOptions& options_;
  std::set<std::string> warned_;
};

}  // namespace farm::plan
