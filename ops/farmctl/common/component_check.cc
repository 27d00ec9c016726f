#include "ops/farmctl/common/component_check.h"

#include <algorithm>

#include "builders/core/config.h"
#include "builders/core/config_check.h"
#include "builders/core/schema/catalog.h"
#include "common/plan/render.h"

namespace farm::farmctl {
namespace {

using plan::ComponentKind;

const builders::ConfigChecks& all_checks() {
  static const builders::ConfigChecks checks = [] {
    builders::ConfigChecks made;
    builders::register_all_config_checks(made);
    return made;
  }();
  return checks;
}

/// The option that a message is about: the first one set that it names as a word.
std::string named_option(const std::string& message, const plan::OptionPlaces& places) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (size_t start = 0; start < message.size(); ++start) {
    if (!is_word(message[start]) || (start > 0 && is_word(message[start - 1]))) continue;
    size_t end = start;
    while (end < message.size() && is_word(message[end])) ++end;
    const std::string word = message.substr(start, end - start);
    if (places.contains(word)) return word;
  }
  return {};
}

/// What is not known before the run, as components expect it at this time.
value::Value with_placeholders(const value::Value& config,
                               const std::vector<plan::Option>& options) {
  if (config.is_null() || !config.is_known() || config.type().kind() != value::Kind::Object) {
    return config;
  }
  const value::Value text = value::Value::string("<unknown>");
  value::Value::Map made;
  for (const auto& [name, v] : config.entries()) {
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const plan::Option& o) { return o.name == name; });
    made.emplace(name, v);
    if (option == options.end() || !option->enumeration.empty()) continue;
    if (name == "communicator") continue;  // chooses among words
    if (!option->options.empty() && v.is_known() && !v.is_null()) {
      if (v.type().kind() == value::Kind::Object) {
        made[name] = with_placeholders(v, option->options);
      }
      if (v.type().kind() == value::Kind::Tuple) {
        value::Value::List items;
        for (const value::Value& item : v.elements()) {
          items.push_back(with_placeholders(item, option->options));
        }
        made[name] = value::Value::tuple(std::move(items));
      }
      continue;
    }
    const bool list = option->type == plan::OptionType::ListString;
    if (option->type == plan::OptionType::String && !v.is_known()) made[name] = text;
    if (list && !v.is_known()) made[name] = value::Value::list(value::Type::string(), {text});
    if (list && v.is_known() && !v.is_null() && v.type().kind() == value::Kind::List) {
      value::Value::List items;
      for (const value::Value& item : v.elements()) items.push_back(item.is_known() ? item : text);
      made[name] = value::Value::list(value::Type::string(), std::move(items));
    }
  }
  return value::Value::object(std::move(made));
}

void report(const plan::ComponentSpec& spec, ComponentKind kind, Severity severity,
            std::string detail, const plan::ComponentPlaces::Entry* places,
            Diagnostics& diagnostics) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.summary = "Failed preparing " + std::string(plan::component_kind_name(kind)) + " \"" +
                       spec.type + "\"";
  if (severity == Severity::Warning) {
    diagnostic.summary = "Warning when preparing " +
                         std::string(plan::component_kind_name(kind)) + " \"" + spec.type + "\"";
  }
  if (spec.declared.known()) diagnostic.subject = spec.declared;
  const std::string option = places == nullptr ? "" : named_option(detail, places->options);
  if (!option.empty() && spec.declared.known()) diagnostic.subject = places->options.at(option);
  diagnostic.detail = std::move(detail);
  diagnostics.add(std::move(diagnostic));
}

// A breakpoint that is not disabled, as far as that is known while planning.
bool waits_for_enter(const plan::ComponentSchema& schema, const value::Value& config) {
  if (schema.kind != ComponentKind::Provisioner || schema.name != "breakpoint") return false;
  builders::Findings ignored;
  return !builders::ConfigReader(config, ignored).boolean("disable");
}

void check_one(const plan::ComponentSpec& spec, ComponentKind kind, const plan::JobSpec& job,
               const plan::ComponentPlaces& all_places, const CheckWorld& world,
               Diagnostics& diagnostics) {
  const plan::ComponentPlaces::Entry* places = all_places.find(spec.declared);
  // Both the table and the component know the simple rules; one mistake should show once.
  if (places != nullptr && places->refused) return;
  const plan::ComponentSchema* schema = builders::component_catalog().find(kind, spec.type);
  if (schema == nullptr) return;
  Result<value::Value> config =
      plan::resolve_late(spec, *schema, nullptr, world.start, world.working_directory);
  if (config) config = plan::render_config(*config, *schema, job.render, world.random, nullptr);
  if (!config) {
    report(spec, kind, Severity::Error, config.error().message, places, diagnostics);
    return;
  }
  if (world.nobody_to_ask && waits_for_enter(*schema, *config)) {
    report(spec, kind, Severity::Error,
           "breakpoint waits for Enter on a terminal, and there is none; set disable = true or "
           "run farmctl build from a terminal",
           places, diagnostics);
  }
  const builders::ConfigCheck* check = all_checks().find(kind, std::string(schema->name));
  if (check == nullptr) return;
  builders::PrepareContext context{job.render, world.environment, world.working_directory};
  context.force = world.force;
  context.placeholders = true;
  const value::Value filled = with_placeholders(*config, schema->options);
  const builders::Findings findings = (*check)(filled, context);
  for (const std::string& warning : findings.warnings) {
    report(spec, kind, Severity::Warning, warning, places, diagnostics);
  }
  if (!findings.ok()) report(spec, kind, Severity::Error, findings.text(), places, diagnostics);
}

}  // namespace

void check_components(const plan::JobSpec& job, const plan::ComponentPlaces& places,
                      const CheckWorld& world, Diagnostics& diagnostics) {
  check_one(job.builder, ComponentKind::Builder, job, places, world, diagnostics);
  for (const plan::ProvisionerSpec& spec : job.provisioners) {
    check_one(spec.component, ComponentKind::Provisioner, job, places, world, diagnostics);
  }
  if (job.error_cleanup) {
    check_one(job.error_cleanup->component, ComponentKind::Provisioner, job, places, world,
              diagnostics);
  }
  for (const auto& sequence : job.post_processors) {
    for (const plan::PostProcessorSpec& spec : sequence) {
      check_one(spec.component, ComponentKind::PostProcessor, job, places, world, diagnostics);
    }
  }
}

}  // namespace farm::farmctl
