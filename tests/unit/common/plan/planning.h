// Planning in tests: files from a map, a fixed clock and seeded random, the real option tables.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/plan/catalog_data_sources.h"
#include "common/plan/planner.h"
#include "common/template/functions/local_outside.h"
#include "common/template/source/loader.h"

namespace farm::plan {

class Planning {
 public:
  using Texts = std::map<std::string, std::string>;
  explicit Planning(Texts files, Texts environment = {});
  /// One file, which is also the template.
  Planning(const std::string& path, const std::string& text);

  /// Loads and, without errors, plans. Diagnostics of both.
  Diagnosed<Plan> run();

  templates::LoadOptions load;
  PlanOptions options;
  const templates::Template* loaded() const { return template_ ? &*template_ : nullptr; }

 private:
  Environment environment_;
  templates::MemoryTree files_;
  templates::SourceTexts texts_;
  functions::LocalOutside outside_;
  SeededRandom random_{7};
  std::unique_ptr<CatalogDataSources> data_sources_;
  std::optional<templates::Template> template_;
};

/// The plan as text, one fact per line: what golden files hold.
std::string dump(const Plan& plan);
/// "error FILE:LINE:COLUMN summary | detail | hint" per diagnostic.
std::string dump(const Diagnostics& diagnostics);

}  // namespace farm::plan
