// Input variables: their declarations, where their values come from and which of them wins.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/template/source/call_check.h"
#include "common/template/source/loader.h"

namespace farm::templates {

/// Declarations of one template and the values gathered for them.
class VariableTable {
 public:
  /// `context` must be without variables; env() is allowed while defaults are evaluated.
  /// `texts` holds the files that declarations and values are read from.
  VariableTable(const hcl2::EvalContext& context, const SourceTexts& texts)
      : context_(context), texts_(texts) {}

  /// A `variable "name" {}` block.
  void declare(const hcl2::Block& block, Diagnostics& diagnostics);
  /// A `variables {}` block.
  void declare_all(const hcl2::Body& body, Diagnostics& diagnostics);

  /// Later calls win: environment, automatic files, -var-file, -var.
  void take_environment(functions::Outside& outside, Diagnostics& diagnostics);
  enum class Undeclared { Ignore, Warn };
  void take_file(const LoadWorld& world, const std::string& path, Undeclared undeclared,
                 Diagnostics& diagnostics);
  void take_argument(const std::string& name, const std::string& text, Diagnostics& diagnostics);

  /// Unset variables and validation rules. `allow_unset`: unset ones stay unknown.
  void check(bool allow_unset, Diagnostics& diagnostics);

  /// After check(): sorted by name.
  std::vector<Variable> variables() const;
  /// The object `var`.
  value::Value object() const;

 private:
  struct Rule {
    hcl2::ExpressionPtr condition;
    std::string message;
    SourceRange range;
  };
  struct Entry {
    Variable variable;
    hcl2::TypeConstraint constraint;
    bool typed = false;
    bool set = false;
    SourceRange value_range;
    std::vector<Rule> rules;
  };

  Entry* insert(Variable variable, Diagnostics& diagnostics);
  void take_json_file(const std::string& text, const std::string& path, Undeclared undeclared,
                      Diagnostics& diagnostics);
  void take_native_file(const std::string& text, const std::string& path, Undeclared undeclared,
                        Diagnostics& diagnostics);
  /// The variable that a file sets at `range`; nullptr, and a warning, when there is none.
  Entry* declared(const std::string& name, const SourceRange& range, Undeclared undeclared,
                  Diagnostics& diagnostics);
  /// Whether the attribute calls no more than `rule` allows.
  bool calls_are_allowed(const hcl2::Attribute& attribute, CallRule rule,
                         Diagnostics& diagnostics) const;
  void read_default(Entry& entry, const hcl2::Attribute& attribute, Diagnostics& diagnostics);
  void read_rule(Entry& entry, const hcl2::Block& block, Diagnostics& diagnostics);
  void set_text(Entry& entry, const std::string& text, const std::string& origin,
                const std::string& place, Diagnostics& diagnostics);
  void set_value(Entry& entry, const value::Value& v, const std::string& origin,
                 const SourceRange& range, Diagnostics& diagnostics);
  void check_rule(const Entry& entry, const Rule& rule, Diagnostics& diagnostics) const;
  std::vector<std::string> names() const;

  const hcl2::EvalContext& context_;
  const SourceTexts& texts_;
  std::map<std::string, Entry> entries_;
};

}  // namespace farm::templates
