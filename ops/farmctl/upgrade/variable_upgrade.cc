#include "ops/farmctl/upgrade/variable_upgrade.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::farmctl {
namespace {

std::string env_call(const std::string& name) { return "env(" + hcl_quote(name) + ")"; }

}  // namespace

VariableUpgrade::VariableUpgrade(const json::LegacyTemplate& legacy) {
  for (const json::LegacyVariable& variable : legacy.variables) add(variable.name);
  for (const json::LegacyVariable& variable : legacy.variables) {
    entries_[variable.name].sensitive = variable.sensitive;
    EngineText engine(default_scope());
    const bool fits = !variable.default_text || engine.quoted_wholly(*variable.default_text);
    if (!fits) promoted_.insert(variable.name);
  }
  for (const std::string& name : legacy.sensitive_variables) {
    if (entries_.contains(name)) continue;
    Entry& entry = add(name);
    entry.fallback = "\"\"";
    entry.sensitive = true;
  }
  timestamp_name_ = HclNames(names_).claim("timestamp");
  for (const json::LegacyVariable& variable : legacy.variables) read(variable);
}

VariableUpgrade::Entry& VariableUpgrade::add(const std::string& name) {
  Entry& entry = entries_[name];
  entry.identifier = names_.claim(name);
  return entry;
}

EngineScope VariableUpgrade::default_scope() {
  EngineScope scope;
  scope.environment = env_call;
  scope.component = false;
  scope.env_only = true;
  return scope;
}

EngineScope VariableUpgrade::local_scope() {
  EngineScope scope;
  scope.user = [this](const std::string& name) { return reference(name); };
  scope.environment = [this](const std::string& name) { return environment_variable(name); };
  scope.timestamp = timestamp();
  scope.component = false;
  return scope;
}

/// env() may be called in defaults only, so each name a local needs gets a variable.
std::string VariableUpgrade::environment_variable(const std::string& name) {
  const auto found = environment_.find(name);
  if (found != environment_.end()) return "var." + found->second;
  const std::string identifier = names_.claim("env_" + name);
  environment_.emplace(name, identifier);
  return "var." + identifier;
}

std::string VariableUpgrade::reference(const std::string& name) {
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    // Never declared: empty unless it is given from outside.
    add(name).fallback = "\"\"";
    found = entries_.find(name);
  }
  return (promoted_.contains(name) ? "local." : "var.") + found->second.identifier;
}

void VariableUpgrade::read(const json::LegacyVariable& variable) {
  Entry& entry = entries_.at(variable.name);
  if (!variable.default_text) return;
  if (!promoted_.contains(variable.name)) {
    EngineText engine(default_scope());
    entry.fallback = engine.quoted(*variable.default_text);
    return;
  }
  EngineText engine(local_scope());
  const std::string value = engine.quoted(*variable.default_text);
  locals_use_timestamp_ |= engine.used_timestamp();
  for (std::string& note : engine.take_unhandled()) unhandled_.push_back(std::move(note));
  Entry& again = entries_.at(variable.name);
  again.fallback = "null";
  again.local = fmt::format("var.{0} != null ? var.{0} : {1}", again.identifier, value);
}

std::string VariableUpgrade::variables() const {
  std::map<std::string, std::string> blocks;
  for (const auto& [name, entry] : entries_) {
    std::string block = fmt::format("variable \"{}\" {{\ntype = string\n", entry.identifier);
    if (!entry.fallback.empty()) block += "default = " + entry.fallback + "\n";
    if (entry.sensitive) block += "sensitive = true\n";
    blocks[entry.identifier] = block + "}\n\n";
  }
  for (const auto& [name, identifier] : environment_) {
    blocks[identifier] = fmt::format("variable \"{}\" {{\ntype = string\ndefault = {}\n}}\n\n",
                                     identifier, env_call(name));
  }
  std::string text;
  for (const auto& [identifier, block] : blocks) text += block;
  return text;
}

std::string VariableUpgrade::locals(bool uses_timestamp) const {
  std::string plain;
  std::string secret;
  if (uses_timestamp || locals_use_timestamp_) {
    plain += timestamp_name_ + " = regex_replace(timestamp(), \"[- TZ:]\", \"\")\n";
  }
  for (const auto& [name, entry] : entries_) {
    if (entry.local.empty()) continue;
    if (!entry.sensitive) {
      plain += entry.identifier + " = " + entry.local + "\n";
      continue;
    }
    secret += fmt::format("local \"{}\" {{\nexpression = {}\nsensitive = true\n}}\n\n",
                          entry.identifier, entry.local);
  }
  return (plain.empty() ? "" : "locals {\n" + plain + "}\n\n") + secret;
}

}  // namespace farm::farmctl
