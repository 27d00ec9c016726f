// Template: what the user's files say, after loading: both syntaxes end in this one type, so that
// planning never asks which it was except where the rules themselves differ (names, filters, weak
// decoding). Bodies of components stay undecoded: their options are known to common/plan.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/template/hcl2/body.h"
#include "common/template/hcl2/expression.h"
#include "common/template/interpolate/engine.h"
#include "common/value/value.h"

namespace farm::json {
struct LegacyTemplate;
}

namespace farm::templates {

enum class Syntax { Hcl2, LegacyJson };

struct Variable {
  std::string name;
  std::string description;
  bool sensitive = false;
  bool required = false;  // has no default
  std::optional<value::Value> default_value;
  /// Set after loading, unknown when unset.
  value::Value value;
  std::string origin;  // "default", "env", "varfile", "cmd"
  SourceRange declared;
};

struct Local {
  std::string name;
  hcl2::ExpressionPtr expression;
  bool sensitive = false;
  value::Value value;
  SourceRange declared;
};

struct DataSource {
  std::string type;
  std::string name;
  hcl2::BodyPtr body;
  value::Value value;
  SourceRange declared;
};

struct Source {
  std::string type;
  std::string name;  // legacy JSON: the name as written, before rendering
  hcl2::BodyPtr body;  // null in legacy JSON: see Template::legacy
  SourceRange declared;
};

/// A source as one build uses it.
struct SourceUse {
  std::string type;
  std::string name;
  std::optional<std::string> local_name;  // `name` of a source block in build
  hcl2::BodyPtr over;                     // what that block adds; null for `sources = [...]`
  SourceRange declared;
};

/// A provisioner or post-processor of HCL2; its body also holds the attributes that the core handles.
struct ComponentBlock {
  std::string type;
  hcl2::BodyPtr body;  // null in legacy JSON: see Template::legacy
  SourceRange declared;
};

struct BuildBlock {
  std::string name;
  std::string description;
  std::vector<SourceUse> uses;
  std::vector<ComponentBlock> provisioners;
  std::optional<ComponentBlock> error_cleanup;
  std::vector<std::vector<ComponentBlock>> post_processors;  // sequences
  SourceRange declared;
};

struct PluginRequirement {
  std::string name;        // accessor: "amazon"
  std::string source;      // "github.com/hashicorp/amazon"
  std::string constraint;  // as written
  SourceRange declared;
};

/// What expressions are evaluated in. Bodies with `dynamic` blocks keep a reference to it, so it
/// lives on the heap and as long as the template.
struct Evaluation {
  hcl2::Scope globals;  // var, local, data, path, packer
  functions::CallContext functions;
  hcl2::Budget budget;
  hcl2::EvalContext context{globals, functions, budget};
};

struct Template {
  Syntax syntax = Syntax::Hcl2;
  std::string path;  // as the user typed it
  std::string root;  // path.root
  std::string description;
  std::vector<PluginRequirement> plugins;
  std::vector<Variable> variables;  // sorted by name
  std::vector<Local> locals;
  std::vector<DataSource> data;
  std::vector<Source> sources;  // declaration order
  std::vector<BuildBlock> builds;
  /// Legacy JSON: the parsed document, whose components keep their own rules of decoding. Shared
  /// with nobody; null for HCL2.
  std::shared_ptr<const json::LegacyTemplate> legacy;
  /// Strings to redact everywhere.
  std::vector<std::string> sensitive;
  /// What {{ }} sees; build name and type are filled in per job.
  interpolate::Inputs inputs;
  std::unique_ptr<Evaluation> evaluation;

  const Source* find_source(const std::string& type, const std::string& name) const;

 private:
  // Built by the first look-up: 500 builds must not search 500 sources each.
  mutable std::map<std::pair<std::string, std::string>, size_t> source_index_;
};

}  // namespace farm::templates
