#include "common/plan/late_body.h"

#include <algorithm>

#include "common/base/random.h"
#include "common/plan/body_decode.h"
#include "common/plan/build_values.h"
#include "common/plan/core_attributes.h"
#include "common/plan/override_options.h"
#include "common/plan/render.h"
#include "common/template/hcl2/dynamic_body.h"
#include "common/template/functions/local_outside.h"

namespace farm::plan {
namespace {

// Where the scope keeps the declared name of the source, by which `override` also goes; no
// identifier, so that templates cannot see it.
constexpr const char* kDeclaredSource = "*source";
// Likewise the iterators of the `dynamic` blocks around the body.
constexpr const char* kIterators = "*iterators";

const std::string* first_step(const hcl2::Traversal& reference) {
  if (reference.steps.empty()) return nullptr;
  const auto& key = reference.steps.front().key;
  if (const std::string* name = std::get_if<std::string>(&key)) return name;
  const value::Value& index = std::get<value::Value>(key);
  const bool text =
      index.is_known() && !index.is_null() && index.type().kind() == value::Kind::String;
  return text ? &index.as_string() : nullptr;
}

bool is_known_object(const value::Value& v) {
  return v.is_known() && !v.is_null() && v.type().kind() == value::Kind::Object;
}

/// "a: b; c: d" of all errors.
Error as_error(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& item : diagnostics.items()) {
    if (item.severity != Severity::Error) continue;
    if (!text.empty()) text += "; ";
    if (item.subject && item.subject->known()) {
      text += item.subject->file + ":" + std::to_string(item.subject->start.line) + ": ";
    }
    text += item.summary;
    if (!item.detail.empty()) text += ": " + item.detail;
  }
  return invalid_input(std::move(text));
}

std::string text_member(const value::Value& scope, const char* root, const char* member) {
  const value::Value* object = scope.get(root);
  if (object == nullptr || !is_known_object(*object)) return {};
  const value::Value* text = object->get(member);
  const bool known = text != nullptr && text->is_known() && !text->is_null() &&
                     text->type().kind() == value::Kind::String;
  return known ? text->as_string() : std::string();
}

}  // namespace

bool needs_build_values(const std::vector<hcl2::Traversal>& references) {
  return std::any_of(references.begin(), references.end(), [](const hcl2::Traversal& reference) {
    if (reference.root != "build") return false;
    const std::string* name = first_step(reference);
    return name == nullptr || *name != "name";
  });
}

LateBody make_late_body(const hcl2::Body& body, const std::vector<hcl2::Traversal>& references,
                        const hcl2::Scope& scope, const std::string& build_name,
                        const std::string& source_name) {
  LateBody late;
  late.json = body.is_json();
  late.text = body.source_text();
  late.range = body.range();
  std::map<std::string, value::Value::Map> members;
  value::Value::Map roots;
  // These two are small and name what the agent needs to make the build object.
  for (const char* root : {"source", "path"}) {
    if (const value::Value* v = scope.find(root)) roots.insert_or_assign(root, *v);
  }
  for (const hcl2::Traversal& reference : references) {
    if (reference.root == "build") continue;
    const value::Value* root = scope.find(reference.root);
    if (root == nullptr || roots.contains(reference.root)) continue;
    const std::string* name = first_step(reference);
    const value::Value* member =
        name != nullptr && is_known_object(*root) ? root->get(*name) : nullptr;
    if (member == nullptr) {
      roots.insert_or_assign(reference.root, *root);
    } else {
      members[reference.root].insert_or_assign(*name, *member);
    }
  }
  for (auto& [root, object] : members) {
    if (!roots.contains(root)) roots.emplace(root, value::Value::object(std::move(object)));
  }
  roots.insert_or_assign("build",
                         value::Value::object({{"name", value::Value::string(build_name)}}));
  roots.insert_or_assign(kDeclaredSource,
                         value::Value::object({{"name", value::Value::string(source_name)}}));
  value::Value::Map iterators = hcl2::iterators_of(body);
  if (!iterators.empty()) {
    roots.insert_or_assign(kIterators, value::Value::object(std::move(iterators)));
  }
  late.scope = value::Value::object(std::move(roots));
  return late;
}

Result<value::Value> resolve_late(const ComponentSpec& spec, const ComponentSchema& schema,
                                  const value::Value::Map* build, WallTime now,
                                  const std::string& working_directory) {
  if (!spec.late) return spec.config;
  const LateBody& late = *spec.late;
  Diagnostics diagnostics;
  SourcePosition start = late.range.start;  // of the brace before the text
  ++start.byte;
  ++start.column;
  const hcl2::BodyPtr body =
      late.json ? hcl2::parse_json_body(late.text, late.range.file, diagnostics)
                : hcl2::parse_native(late.text, late.range.file, diagnostics, start);
  if (diagnostics.has_errors()) return as_error(diagnostics);
  if (!is_known_object(late.scope)) return corrupt("late body without a scope");
  hcl2::Scope scope;
  for (const auto& [root, v] : late.scope.entries()) scope.set(root, v);
  const std::string build_name = text_member(late.scope, "build", "name");
  if (build == nullptr) {
    scope.set("build", placeholder_build_object(text_member(late.scope, "source", "type"),
                                                build_name));
  } else {
    value::Value::Map members = *build;
    members.insert_or_assign("name", value::Value::string(build_name));
    scope.set("build", value::Value::object(std::move(members)));
  }
  if (const value::Value* iterators = late.scope.get(kIterators)) {
    for (const auto& [name, v] : iterators->entries()) scope.set(name, v);
  }
  // Whatever a template may read from the environment was read when it was planned.
  const Environment environment;
  functions::LocalOutside outside(environment, working_directory);
  SystemRandom random;
  functions::CallContext functions{outside, random, now, now,
                                   text_member(late.scope, "path", "root"), false, nullptr};
  hcl2::Budget budget;
  const hcl2::EvalContext context{scope, functions, budget};
  const CoreKind kind = schema.kind == ComponentKind::PostProcessor ? CoreKind::PostProcessor
                                                                    : CoreKind::Provisioner;
  hcl2::BodyPtr rest;
  const CoreAttributes core =
      read_core_attributes(*hcl2::expand_dynamic(body, context), kind, context, rest, diagnostics);
  const DecodedBody decoded = decode_body(*rest, schema.options, context, nullptr, diagnostics);
  const std::string declared_name = text_member(late.scope, kDeclaredSource, "name");
  const std::string shown_name = text_member(late.scope, "source", "name");
  value::Value config = apply_override(decoded.config, core.override_options, declared_name, schema,
                                       spec.declared, diagnostics);
  if (shown_name != declared_name) {
    config = apply_override(config, core.override_options, shown_name, schema, spec.declared,
                            diagnostics);
  }
  if (diagnostics.has_errors()) return as_error(diagnostics);
  return config;
}

}  // namespace farm::plan
