// Planning in tests: files from a map, a fixed clock and seeded random, the real option tables.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/plan/catalog_data_sources.h"
#include "common/plan/planner.h"
#include "common/template/functions/function.h"
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
  std::unique_ptr<functions::Outside> outside_;
  SeededRandom random_{7};
  std::unique_ptr<CatalogDataSources> data_sources_;
  std::optional<templates::Template> template_;
};

/// A folder of tests/templates: its files as if they stood in images/, the flags and environment
/// that its file `arguments` asks for. One argument per line: `-var a=b`, `-var-file x`, `-only a`,
/// `-except a`, `env NAME=VALUE`.
struct CorpusCase {
  std::string name;
  Planning::Texts files;
  Planning::Texts environment;
  std::string path;  // "images" or "images/template.json"
  templates::LoadOptions load;
  PlanOptions options;
  std::string golden;  // the plan on file
  std::string golden_path;

  /// A Planning of it, ready to run.
  std::unique_ptr<Planning> planning() const;
};
std::vector<CorpusCase> corpus();

/// A value as golden files show it.
std::string shown(const value::Value& v);
/// The plan as text, one fact per line: what golden files hold.
std::string dump(const Plan& plan);
/// "error FILE:LINE:COLUMN summary | detail | hint" per diagnostic.
std::string dump(const Diagnostics& diagnostics);

}  // namespace farm::plan
