// Data sources as planning answers them: `null` is evaluated here; every other one is unknown of
// its output type where nothing may be asked (validate), and asked through what the program that
// plans brings along where a build needs its value.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/plan/option_rules.h"
#include "common/plan/schema.h"
#include "common/template/source/loader.h"

namespace farm::plan {

/// Asks a data source that this farm can run: its outputs as an object, or what went wrong in words
/// for the user. `config` is wholly known.
using DataSourceAsker =
    std::function<Result<value::Value>(const std::string& type, const value::Value& config)>;

class CatalogDataSources final : public templates::DataSources {
 public:
  enum class Mode { Unknown, Ask };
  /// `asker` may be null in mode Unknown; in mode Ask that refuses all but `null`.
  CatalogDataSources(const ComponentCatalog& catalog, Mode mode, EnvironmentLookup environment,
                     DataSourceAsker asker = nullptr)
      : catalog_(catalog), mode_(mode), environment_(std::move(environment)),
        asker_(std::move(asker)) {}

  /// Names ("data.http.page") of those that were not asked.
  const std::vector<std::string>& unasked() const { return unasked_; }

  void references(const templates::DataSource& data,
                  std::vector<hcl2::Traversal>& into) override;
  value::Value evaluate(const templates::DataSource& data, const hcl2::EvalContext& context,
                        Diagnostics& diagnostics) override;

 private:
  value::Value ask(const templates::DataSource& data, const ComponentSchema& schema,
                   const value::Value& config, Diagnostics& diagnostics) const;

  const ComponentCatalog& catalog_;
  Mode mode_;
  EnvironmentLookup environment_;
  DataSourceAsker asker_;
  std::vector<std::string> unasked_;
};

}  // namespace farm::plan
