#include "ops/farmctl/common/component_check.h"

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

void report(const plan::ComponentSpec& spec, ComponentKind kind, Severity severity,
            std::string detail, Diagnostics& diagnostics) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.summary = "Failed preparing " + std::string(plan::component_kind_name(kind)) + " \"" +
                       spec.type + "\"";
  if (severity == Severity::Warning) {
    diagnostic.summary = "Warning when preparing " +
                         std::string(plan::component_kind_name(kind)) + " \"" + spec.type + "\"";
  }
  diagnostic.detail = std::move(detail);
  if (spec.declared.known()) diagnostic.subject = spec.declared;
  diagnostics.add(std::move(diagnostic));
}

// A breakpoint that is not disabled, as far as that is known while planning.
bool waits_for_enter(const plan::ComponentSchema& schema, const value::Value& config) {
  if (schema.kind != ComponentKind::Provisioner || schema.name != "breakpoint") return false;
  builders::Findings ignored;
  return !builders::ConfigReader(config, ignored).boolean("disable");
}

void check_one(const plan::ComponentSpec& spec, ComponentKind kind, const plan::JobSpec& job,
               const CheckWorld& world, Diagnostics& diagnostics) {
  const plan::ComponentSchema* schema = builders::component_catalog().find(kind, spec.type);
  if (schema == nullptr) return;
  Result<value::Value> config =
      plan::resolve_late(spec, *schema, nullptr, world.start, world.working_directory);
  if (config) config = plan::render_config(*config, *schema, job.render, world.random, nullptr);
  if (!config) {
    report(spec, kind, Severity::Error, config.error().message, diagnostics);
    return;
  }
  if (world.nobody_to_ask && waits_for_enter(*schema, *config)) {
    report(spec, kind, Severity::Error,
           "breakpoint waits for Enter on a terminal, and there is none; set disable = true or "
           "run farmctl build from a terminal",
           diagnostics);
  }
  const builders::ConfigCheck* check = all_checks().find(kind, std::string(schema->name));
  if (check == nullptr) return;
  builders::PrepareContext context{job.render, world.environment, world.working_directory};
  context.force = world.force;
  context.placeholders = true;
  const builders::Findings findings = (*check)(*config, context);
  for (const std::string& warning : findings.warnings) {
    report(spec, kind, Severity::Warning, warning, diagnostics);
  }
  if (!findings.ok()) report(spec, kind, Severity::Error, findings.text(), diagnostics);
}

}  // namespace

void check_components(const plan::JobSpec& job, const CheckWorld& world,
                      Diagnostics& diagnostics) {
  check_one(job.builder, ComponentKind::Builder, job, world, diagnostics);
  for (const plan::ProvisionerSpec& spec : job.provisioners) {
    check_one(spec.component, ComponentKind::Provisioner, job, world, diagnostics);
  }
  if (job.error_cleanup) {
    check_one(job.error_cleanup->component, ComponentKind::Provisioner, job, world, diagnostics);
  }
  for (const auto& sequence : job.post_processors) {
    for (const plan::PostProcessorSpec& spec : sequence) {
      check_one(spec.component, ComponentKind::PostProcessor, job, world, diagnostics);
    }
  }
}

}  // namespace farm::farmctl
