#include "common/template/source/variables.h"

#include <algorithm>

#include "common/template/json/variable_file.h"
#include "common/template/source/literals.h"

namespace farm::templates {
namespace {

const hcl2::BodySchema& variable_schema() {
  static const hcl2::BodySchema schema{{{"type", false},
                                        {"default", false},
                                        {"description", false},
                                        {"sensitive", false}},
                                       {{"validation", {}}}};
  return schema;
}

std::string block_of(const Variable& variable) { return "variable \"" + variable.name + "\""; }

/// A whole sentence, as error_message must be.
bool is_sentence(const std::string& text) {
  if (text.empty()) return false;
  if (text.front() >= 'a' && text.front() <= 'z') return false;
  return text.back() == '.' || text.back() == '?' || text.back() == '!';
}

bool refers_only_to(const std::vector<hcl2::Traversal>& references, const std::string& name) {
  if (references.empty()) return false;
  return std::all_of(references.begin(), references.end(), [&](const hcl2::Traversal& reference) {
    if (reference.root != "var" || reference.steps.empty()) return false;
    const std::string* attribute = std::get_if<std::string>(&reference.steps.front().key);
    return attribute != nullptr && *attribute == name;
  });
}

}  // namespace

VariableTable::Entry* VariableTable::insert(Variable variable, Diagnostics& diagnostics) {
  if (!is_identifier(variable.name)) {
    diagnostics.error("Invalid variable name", kIdentifierRule, variable.declared);
    return nullptr;
  }
  const std::string name = variable.name;
  const auto found = entries_.find(name);
  if (found != entries_.end()) {
    const SourceRange& first = found->second.variable.declared;
    diagnostics.error("Duplicate variable",
                      "A variable named \"" + name + "\" was already declared at " + first.file +
                          ":" + std::to_string(first.start.line) + ".",
                      variable.declared);
    diagnostics.items().back().context = first;
    return nullptr;
  }
  Entry& entry = entries_[name];
  entry.variable = std::move(variable);
  entry.variable.value = value::Value::unknown();
  return &entry;
}

void VariableTable::declare(const hcl2::Block& block, Diagnostics& diagnostics) {
  Variable variable;
  variable.name = block.labels[0];
  variable.declared = block.header_range;
  Entry* entry = insert(std::move(variable), diagnostics);
  const hcl2::BodyContent content = block.body->content(variable_schema(), diagnostics);
  if (entry == nullptr) return;
  if (const hcl2::Attribute* text = content.find("description")) {
    entry->variable.description = evaluate_literal(*text, context_, diagnostics).value_or("");
  }
  if (const hcl2::Attribute* flag = content.find("sensitive")) {
    entry->variable.sensitive = evaluate_bool(*flag, context_, diagnostics).value_or(false);
  }
  if (const hcl2::Attribute* type = content.find("type")) {
    entry->constraint = hcl2::decode_type(*type->expression, diagnostics);
    entry->typed = true;
  }
  entry->variable.required = true;
  if (const hcl2::Attribute* fallback = content.find("default")) {
    read_default(*entry, *fallback, diagnostics);
  }
  for (const hcl2::Block& rule : content.blocks) read_rule(*entry, rule, diagnostics);
}

void VariableTable::declare_all(const hcl2::Body& body, Diagnostics& diagnostics) {
  for (const hcl2::Attribute& attribute : body.just_attributes(diagnostics)) {
    Variable variable;
    variable.name = attribute.name;
    variable.declared = attribute.range;
    Entry* entry = insert(std::move(variable), diagnostics);
    if (entry != nullptr) read_default(*entry, attribute, diagnostics);
  }
}

bool VariableTable::calls_are_allowed(const hcl2::Attribute& attribute, CallRule rule,
                                      Diagnostics& diagnostics) const {
  const SourceRange& range = attribute.expression->range();
  if (range.file.ends_with(".json")) {
    bool good = true;
    json::each_template(*attribute.expression, [&](const std::string& part, SourcePosition start) {
      good &= check_calls(part, hcl2::LexMode::BareTemplate, range.file, start, rule, diagnostics);
    });
    return good;
  }
  const std::string* text = texts_.find(range.file);
  if (text == nullptr || range.end.byte > text->size() || range.start.byte > range.end.byte) {
    return true;
  }
  const std::string_view slice =
      std::string_view(*text).substr(range.start.byte, range.end.byte - range.start.byte);
  return check_calls(slice, hcl2::LexMode::Expression, range.file, range.start, rule, diagnostics);
}

void VariableTable::read_default(Entry& entry, const hcl2::Attribute& attribute,
                                 Diagnostics& diagnostics) {
  entry.variable.required = false;
  if (!calls_are_allowed(attribute, CallRule::EnvOnly, diagnostics)) return;
  Diagnostics problems;
  context_.functions.env_allowed = true;
  value::Value v = attribute.expression->evaluate(context_, problems);
  context_.functions.env_allowed = false;
  const bool failed = problems.has_errors();
  diagnostics.append(std::move(problems));
  if (failed) return;
  if (entry.typed) {
    Result<value::Value> converted =
        value::convert(entry.constraint.apply_defaults(v), entry.constraint.type);
    if (!converted) {
      diagnostics.error("Invalid default value for variable",
                        "This default value is not compatible with the type " +
                            entry.constraint.type.str() + " of variable \"" + entry.variable.name +
                            "\": " + converted.error().message + ".",
                        attribute.expression->range());
      return;
    }
    v = std::move(converted).value();
  } else if (!v.is_null() && !(v.type().is_structural() && v.size() == 0)) {
    // {} and [] say nothing about what may come: the variable stays open to any type.
    entry.constraint.type = v.type();
  }
  entry.variable.default_value = v;
  entry.variable.value = v;
  entry.variable.origin = "default";
  entry.value_range = attribute.expression->range();
  entry.set = true;
}

void VariableTable::read_rule(Entry& entry, const hcl2::Block& block, Diagnostics& diagnostics) {
  const hcl2::BodyContent content =
      block.body->content({{{"condition", true}, {"error_message", true}}, {}}, diagnostics);
  const hcl2::Attribute* condition = content.find("condition");
  const hcl2::Attribute* message = content.find("error_message");
  if (condition == nullptr || message == nullptr) return;
  std::vector<hcl2::Traversal> references;
  condition->expression->references(references);
  if (!refers_only_to(references, entry.variable.name)) {
    diagnostics.error("Invalid variable validation condition",
                      "The condition for variable \"" + entry.variable.name +
                          "\" must refer to var." + entry.variable.name +
                          ", and to nothing else.",
                      condition->expression->range());
    return;
  }
  const std::string text = evaluate_literal(*message, context_, diagnostics).value_or("");
  if (!is_sentence(text)) {
    diagnostics.error("Invalid validation error message",
                      "The message must be at least one full sentence: a capital letter first, "
                      "and a full stop, question mark or exclamation mark last.",
                      message->expression->range());
    return;
  }
  entry.rules.push_back({condition->expression, text, block.header_range});
}

void VariableTable::take_environment(functions::Outside& outside, Diagnostics& diagnostics) {
  for (auto& [name, entry] : entries_) {
    const std::optional<std::string> text = outside.environment("PKR_VAR_" + name);
    if (text) set_text(entry, *text, "env", "<value for var." + name + " from env>", diagnostics);
  }
}

void VariableTable::take_argument(const std::string& name, const std::string& text,
                                  Diagnostics& diagnostics) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    diagnostics.error("Undefined -var variable",
                      "A \"" + name + "\" variable was passed in the command line but was not "
                      "found in known variables. To declare variable \"" + name +
                          "\", place a block such as `variable \"" + name +
                          "\" {}` in one of the template's files.",
                      std::nullopt, did_you_mean(name, names()));
    return;
  }
  set_text(found->second, text, "cmd", "<value for var." + name + " from arguments>", diagnostics);
}

void VariableTable::take_file(const LoadWorld& world, const std::string& path,
                              Undeclared undeclared, Diagnostics& diagnostics) {
  const bool json = path.ends_with(".json");
  if (!json && !path.ends_with(".hcl")) {
    diagnostics.error("Could not guess format of " + path,
                      "A variable file must be suffixed with `.hcl` or `.json`.");
    return;
  }
  const Result<const std::string*> text = world.texts.read(world.files, path);
  if (!text) {
    diagnostics.error("Failed to read file", text.error().message);
    return;
  }
  if (json) {
    take_json_file(**text, path, undeclared, diagnostics);
  } else {
    take_native_file(**text, path, undeclared, diagnostics);
  }
}

void VariableTable::take_json_file(const std::string& text, const std::string& path,
                                   Undeclared undeclared, Diagnostics& diagnostics) {
  auto values = json::read_variable_file(text, path, diagnostics);
  if (!values) return;
  for (json::FileValue& item : *values) {
    Entry* entry = declared(item.name, item.range, undeclared, diagnostics);
    if (entry == nullptr) continue;
    Diagnostics problems;
    const value::Value v = json::take_value(item, problems);
    const bool failed = problems.has_errors();
    diagnostics.append(std::move(problems));
    if (!failed) set_value(*entry, v, "varfile", item.value_range, diagnostics);
  }
}

void VariableTable::take_native_file(const std::string& text, const std::string& path,
                                     Undeclared undeclared, Diagnostics& diagnostics) {
  Diagnostics problems;
  const hcl2::BodyPtr parsed = hcl2::parse_native(text, path, problems);
  const bool broken = problems.has_errors();
  diagnostics.append(std::move(problems));
  if (broken) return;
  hcl2::BodyPtr rest;
  const hcl2::BodyContent content = parsed->partial_content(
      {{}, {{"variable", {"name"}}, {"variables", {}}}}, rest, diagnostics);
  for (const hcl2::Block& block : content.blocks) {
    diagnostics.error("Variable declaration in a .pkrvar file",
                      "A variable file holds only `name = value` lines; declare variables in a "
                      ".pkr.hcl file.",
                      block.header_range);
  }
  for (const hcl2::Attribute& attribute : rest->just_attributes(diagnostics)) {
    Entry* entry = declared(attribute.name, attribute.range, undeclared, diagnostics);
    if (entry == nullptr || !calls_are_allowed(attribute, CallRule::None, diagnostics)) continue;
    Diagnostics evaluation;
    const value::Value v = attribute.expression->evaluate(context_, evaluation);
    const bool failed = evaluation.has_errors();
    diagnostics.append(std::move(evaluation));
    if (!failed) set_value(*entry, v, "varfile", attribute.expression->range(), diagnostics);
  }
}

VariableTable::Entry* VariableTable::declared(const std::string& name, const SourceRange& range,
                                              Undeclared undeclared, Diagnostics& diagnostics) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return &found->second;
  if (undeclared == Undeclared::Warn) {
    diagnostics.warning("Undefined variable",
                        "The variable \"" + name +
                            "\" was set but was not declared as an input variable.\nTo declare "
                            "variable \"" + name +
                            "\" place this block in one of your .pkr.hcl files, such as "
                            "variables.pkr.hcl\n\nvariable \"" + name +
                            "\" {\n  type    = string\n  default = null\n}",
                        range, did_you_mean(name, names()));
  }
  return nullptr;
}

void VariableTable::set_text(Entry& entry, const std::string& text, const std::string& origin,
                             const std::string& place, Diagnostics& diagnostics) {
  const value::Kind kind = entry.constraint.type.kind();
  SourceRange range;
  if (kind == value::Kind::String || kind == value::Kind::Number || kind == value::Kind::Dynamic) {
    set_value(entry, value::Value::string(text), origin, range, diagnostics);
    return;
  }
  Diagnostics problems;
  const hcl2::ExpressionPtr expression = hcl2::parse_expression(text, place, problems);
  if (!problems.has_errors()) {
    check_calls(text, hcl2::LexMode::Expression, place, {}, CallRule::None, problems);
  }
  value::Value v;
  if (!problems.has_errors()) v = expression->evaluate(context_, problems);
  const bool failed = problems.has_errors();
  diagnostics.append(std::move(problems));
  if (!failed) set_value(entry, v, origin, range, diagnostics);
}

void VariableTable::set_value(Entry& entry, const value::Value& v, const std::string& origin,
                              const SourceRange& range, Diagnostics& diagnostics) {
  Result<value::Value> converted =
      value::convert(entry.constraint.apply_defaults(v), entry.constraint.type);
  if (!converted) {
    const bool argument = origin == "cmd";
    diagnostics.error(
        argument ? "Invalid argument value for -var variable" : "Invalid value for variable",
        "The value for " + entry.variable.name +
            (origin == "env" ? " (from PKR_VAR_" + entry.variable.name + ")" : "") +
            " is not compatible with the variable's type constraint: " +
            converted.error().message + ".",
        range.known() ? std::optional<SourceRange>(range) : entry.variable.declared);
    return;
  }
  entry.variable.value = std::move(converted).value();
  entry.variable.origin = origin;
  entry.value_range = range;
  entry.set = true;
}

void VariableTable::check(bool allow_unset, Diagnostics& diagnostics) {
  for (auto& [name, entry] : entries_) {
    if (!entry.set) {
      entry.variable.value = value::Value::unknown(entry.constraint.type);
      if (!allow_unset && entry.variable.required) {
        Diagnostic unset;
        unset.summary = "Unset variable \"" + name + "\"";
        unset.detail = "A used variable must be set or have a default value.";
        unset.hint = "Give one: -var " + name + "=..., PKR_VAR_" + name +
                     ", or a *.pkrvars.hcl file.";
        unset.subject = entry.variable.declared;
        unset.block = block_of(entry.variable);
        unset.code = "F0110";
        diagnostics.add(std::move(unset));
      }
      continue;
    }
    if (entry.variable.sensitive) {
      entry.variable.value = entry.variable.value.with_sensitive();
    }
    for (const Rule& rule : entry.rules) check_rule(entry, rule, diagnostics);
  }
}

void VariableTable::check_rule(const Entry& entry, const Rule& rule,
                               Diagnostics& diagnostics) const {
  hcl2::Scope scope;
  scope.set("var", value::Value::object(
                       {{entry.variable.name, entry.variable.value.without_marks()}}));
  const hcl2::EvalContext context{scope, context_.functions, context_.budget};
  Diagnostics problems;
  const value::Value raw = rule.condition->evaluate(context, problems);
  const bool failed = problems.has_errors();
  diagnostics.append(std::move(problems));
  if (failed || !raw.is_known()) return;
  const Result<value::Value> verdict = value::convert(raw, value::Type::boolean());
  if (raw.is_null() || !verdict || verdict->is_null()) {
    diagnostics.error("Invalid variable validation result",
                      "The condition must say true or false, not " +
                          (raw.is_null() ? std::string("null") : raw.type().friendly()) + ".",
                      rule.condition->range());
    return;
  }
  if (verdict->as_bool()) return;
  Diagnostic refused;
  refused.summary = "Invalid value for " + entry.variable.origin + " variable";
  refused.detail = rule.message + "\n\nThis was checked by the validation rule at " +
                   rule.range.file + ":" + std::to_string(rule.range.start.line) + "," +
                   std::to_string(rule.range.start.column) + ".";
  refused.subject = entry.value_range.known() ? entry.value_range : entry.variable.declared;
  refused.block = block_of(entry.variable);
  diagnostics.add(std::move(refused));
}

std::vector<Variable> VariableTable::variables() const {
  std::vector<Variable> all;
  all.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) all.push_back(entry.variable);
  return all;
}

value::Value VariableTable::object() const {
  value::Value::Map members;
  for (const auto& [name, entry] : entries_) members.emplace(name, entry.variable.value);
  return value::Value::object(std::move(members));
}

std::vector<std::string> VariableTable::names() const {
  std::vector<std::string> all;
  for (const auto& [name, entry] : entries_) all.push_back(name);
  return all;
}

}  // namespace farm::templates
