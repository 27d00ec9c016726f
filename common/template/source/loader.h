// Loading: files, variables and the world -> Template, in the phases of the reference (which of
// several mistakes is reported depends on their order). Nothing here knows any component's options.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/template/functions/function.h"
#include "common/template/source/file_tree.h"
#include "common/template/source/source_texts.h"
#include "common/template/template.h"

namespace farm::templates {

/// The version of the reference that templates may ask for with required_version.
inline constexpr const char* kCoreVersion = "1.16.0";

/// Asks data sources while locals are evaluated. common/plan implements it over the option tables.
class DataSources {
 public:
  virtual ~DataSources() = default;
  /// References in the body, blocks included.
  virtual void references(const DataSource& data, std::vector<hcl2::Traversal>& into) = 0;
  /// The source's outputs: an object, or unknown of that type. Problems are reported.
  virtual value::Value evaluate(const DataSource& data, const hcl2::EvalContext& context,
                                Diagnostics& diagnostics) = 0;
};

struct LoadOptions {
  std::string path;         // as typed
  std::string config_type;  // "", "hcl2", "json"
  std::vector<std::string> var_files;
  std::vector<std::pair<std::string, std::string>> variables;  // -var, in order
  bool warn_undeclared = false;  // undeclared names in var files: warn instead of ignoring
  bool syntax_only = false;      // stop after the variables' values were gathered
  bool allow_unset = false;      // inspect, console: unset variables are unknown
  std::string core_version = kCoreVersion;
};

/// Where a template is loaded. Everything must outlive the Template.
struct LoadWorld {
  FileTree& files;
  SourceTexts& texts;
  functions::Outside& outside;
  Random& random;
  WallTime start;
  DataSources& data_sources;
};

/// The template, beside what was found. The value is missing only where nothing could be loaded.
Diagnosed<Template> load_template(const LoadOptions& options, const LoadWorld& world);

}  // namespace farm::templates
