#include "common/template/source/legacy_loader.h"

#include <filesystem>

#include "common/template/json/legacy_template.h"
#include "common/template/json/legacy_variables.h"

namespace farm::templates {
namespace {

std::string absolute_directory(const std::string& working_directory, const std::string& root) {
  if (root.empty()) return {};  // standard input has no directory
  std::filesystem::path path(root);
  if (path.is_relative()) path = std::filesystem::path(working_directory) / path;
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

/// Values given by -var-file and -var, later ones winning.
std::map<std::string, std::string> given_values(const LoadOptions& options, const LoadWorld& world,
                                                Diagnostics& diagnostics) {
  std::map<std::string, std::string> given;
  for (const std::string& path : options.var_files) {
    const Result<const std::string*> text = world.texts.read(world.files, path);
    if (!text) {
      diagnostics.error("Error reading variables in '" + path + "'", text.error().message);
      continue;
    }
    Diagnosed<std::map<std::string, std::string>> values =
        json::parse_legacy_var_file(**text, path);
    diagnostics.append(std::move(values.diagnostics));
    if (!values.value) continue;
    for (auto& [name, value] : *values.value) given.insert_or_assign(name, std::move(value));
  }
  for (const auto& [name, value] : options.variables) given.insert_or_assign(name, value);
  return given;
}

void add_parts(const json::LegacyTemplate& parsed, Template& made) {
  made.description = parsed.description;
  for (const json::LegacyVariable& variable : parsed.variables) {
    Variable entry;
    entry.name = variable.name;
    entry.sensitive = variable.sensitive;
    entry.required = !variable.default_text.has_value();
    if (variable.default_text) entry.default_value = value::Value::string(*variable.default_text);
    entry.value = value::Value::unknown(value::Type::string());
    entry.declared = variable.range;
    made.variables.push_back(std::move(entry));
  }
  for (const json::LegacyComponent& builder : parsed.builders) {
    made.sources.push_back({builder.type, builder.name, nullptr, builder.range});
  }
}

}  // namespace

void load_legacy(const TemplateFiles& files, const LoadOptions& options, const LoadWorld& world,
                 Template& made, Diagnostics& diagnostics) {
  const std::string& path = files.json_files.front();
  const Result<const std::string*> text = world.texts.read(world.files, path);
  if (!text) {
    diagnostics.error("Failed to read file", text.error().message);
    return;
  }
  Diagnosed<json::LegacyTemplate> parsed = json::parse_legacy_template(**text, path);
  diagnostics.append(std::move(parsed.diagnostics));
  if (!parsed.value) return;
  const auto legacy = std::make_shared<json::LegacyTemplate>(std::move(*parsed.value));
  made.legacy = legacy;
  add_parts(*legacy, made);
  made.inputs.template_dir = absolute_directory(made.inputs.working_directory, files.root);
  const std::map<std::string, std::string> given = given_values(options, world, diagnostics);
  if (diagnostics.has_errors() || options.syntax_only) return;
  if (!options.allow_unset) {
    json::check_legacy_template(*legacy, options.core_version, diagnostics);
  }
  functions::Outside& outside = world.outside;
  const json::VariableWorld variable_world{
      made.inputs, world.random,
      [&outside](const std::string& name) { return outside.environment(name); },
      [&outside](const std::string& kind,
                 const std::vector<std::string>& arguments) -> Result<std::string> {
        Result<std::string> secret = outside.secret(kind, arguments);
        const bool later = !secret && secret.error().code == ErrorCode::Unavailable &&
                           secret.error().retryable;
        return later ? Result<std::string>("<unknown>") : secret;
      }};
  Diagnosed<std::map<std::string, std::string>> resolved =
      json::resolve_variables(*legacy, given, variable_world);
  if (!options.allow_unset) diagnostics.append(std::move(resolved.diagnostics));
  if (!resolved.value) return;
  made.inputs.user_variables = std::move(*resolved.value);
  for (Variable& variable : made.variables) {
    const auto found = made.inputs.user_variables.find(variable.name);
    if (found == made.inputs.user_variables.end()) continue;
    variable.value = value::Value::string(found->second).with_sensitive(variable.sensitive);
    variable.origin = given.contains(variable.name) ? "cmd" : "default";
  }
  // Names in sensitive-variables may also be undeclared ones that -var sets.
  for (const std::string& name : legacy->sensitive_variables) {
    const auto found = made.inputs.user_variables.find(name);
    if (found != made.inputs.user_variables.end() && !found->second.empty()) {
      made.sensitive.push_back(found->second);
    }
  }
}

}  // namespace farm::templates
