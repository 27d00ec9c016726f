// LegacyTemplate: a parsed legacy JSON template, raw: strings are not rendered yet, but every part
// knows its place. The loader turns it into the same Template that HCL2 files become.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/diagnostic.h"
#include "common/value/value.h"

namespace farm::json {

struct Document;
struct Node;

/// The parts that builders, provisioners and post-processors have in common.
struct LegacyComponent {
  std::string type;
  std::string name;      // unrendered; the type when none is given
  bool has_name = false;
  value::Value config;   // object: every option but the core keys, strings as written
  SourceRange range;       // the whole object
  SourceRange type_range;  // the value of `type`
  // The object in LegacyTemplate::document.
  const Node* node = nullptr;
};

struct LegacyProvisioner {
  LegacyComponent component;
  std::vector<std::string> only;    // unrendered builder names
  std::vector<std::string> except;
  std::map<std::string, value::Value> overrides;  // builder name -> object of options
  Duration pause_before{0};
  Duration timeout{0};
  std::string max_retries;  // a template; empty: none
};

struct LegacyPostProcessor {
  LegacyComponent component;
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::optional<bool> keep_input_artifact;
};

struct LegacyVariable {
  std::string name;
  std::optional<std::string> default_text;  // a template; empty: required
  bool sensitive = false;
  SourceRange range;  // of the default
};

struct LegacyTemplate {
  // Shared by copies of the template; components point into it. Fixed spellings, old places.
  std::shared_ptr<const Document> document;
  std::string description;
  std::string min_packer_version;  // empty: none
  SourceRange min_packer_version_range;
  std::vector<LegacyVariable> variables;  // sorted by name
  std::vector<std::string> sensitive_variables;
  std::vector<LegacyComponent> builders;  // in source order
  std::vector<LegacyProvisioner> provisioners;
  std::optional<LegacyProvisioner> error_cleanup;
  std::vector<std::vector<LegacyPostProcessor>> post_processors;  // sequences

  /// Where option `path` ("network_adapters", "0", "network") of `component` stands: its key, or
  /// its list element; the nearest thing around it when the path goes nowhere.
  SourceRange range_of(const LegacyComponent& component,
                       std::span<const std::string> path) const;
};

/// Parses `text`. Old spellings are fixed with a warning each. Errors (template-json.md sections 1
/// and 4) are all reported; a value beside errors holds what could be read.
Diagnosed<LegacyTemplate> parse_legacy_template(const std::string& text, const std::string& file);

/// What `-syntax-only` leaves out: at least one builder, names in only/except/override, the
/// minimum version. `core_version` is the version of Packer whose contract holds, e.g. "1.16.0".
void check_legacy_template(const LegacyTemplate& parsed, const std::string& core_version,
                           Diagnostics& diagnostics);

/// A `-var-file` of a legacy template: an object of strings.
Diagnosed<std::map<std::string, std::string>> parse_legacy_var_file(const std::string& text,
                                                                    const std::string& file);

}  // namespace farm::json
