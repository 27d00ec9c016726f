// Data sources as planning answers them: `null` is evaluated here; every other one is unknown of
// its output type where that is allowed (validate), and refused where a build needs its value.
#pragma once

#include "common/plan/option_rules.h"
#include "common/plan/schema.h"
#include "common/template/source/loader.h"

namespace farm::plan {

class CatalogDataSources final : public templates::DataSources {
 public:
  enum class Mode { Unknown, Refuse };
  CatalogDataSources(const ComponentCatalog& catalog, Mode mode, EnvironmentLookup environment)
      : catalog_(catalog), mode_(mode), environment_(std::move(environment)) {}

  void references(const templates::DataSource& data,
                  std::vector<hcl2::Traversal>& into) override;
  value::Value evaluate(const templates::DataSource& data, const hcl2::EvalContext& context,
                        Diagnostics& diagnostics) override;

 private:
  const ComponentCatalog& catalog_;
  Mode mode_;
  EnvironmentLookup environment_;
};

}  // namespace farm::plan
