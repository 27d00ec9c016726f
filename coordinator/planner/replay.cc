#include "coordinator/planner/replay.h"

#include <algorithm>

#include "builders/core/schema/catalog.h"
#include "builders/core/schema/external.h"
#include "common/plan/plan_world.h"
#include "common/plan/planner.h"
#include "common/template/source/loader.h"
#include "common/template/source/source_texts.h"

namespace farm::coordinator {
namespace {

constexpr size_t kMaxMistakes = 5;

/// The first mistakes in words, each with its place.
std::string mistakes(const Diagnostics& diagnostics) {
  std::string text;
  size_t shown = 0;
  for (const Diagnostic& item : diagnostics.items()) {
    if (item.severity != Severity::Error || shown++ == kMaxMistakes) continue;
    if (!text.empty()) text += "; ";
    if (item.subject) {
      text += item.subject->file + ":" + std::to_string(item.subject->start.line) + ": ";
    }
    text += item.summary + (item.detail.empty() ? "" : ": " + item.detail);
  }
  return text;
}

Error all_refused(const std::vector<std::string>& refused) {
  std::string text = "planning asks for what was not handed in with the template: ";
  for (size_t i = 0; i < refused.size(); ++i) text += (i == 0 ? "" : ", ") + refused[i];
  return denied(text);
}

plan::PlanReply failed(Error error) { return {{}, {}, std::move(error)}; }

}  // namespace

plan::PlanReply plan_again(plan::PlanRecord record) {
  templates::LoadOptions load;
  load.path = record.path;
  load.config_type = record.config_type;
  load.var_files = record.var_files;
  for (const plan::PlanVariable& variable : record.variables) {
    load.variables.emplace_back(variable.name, variable.value);
  }
  if (!record.core_version.empty()) load.core_version = record.core_version;
  plan::PlanOptions options;
  options.only = record.only;
  options.except = record.except;
  options.require_built_in = true;
  for (const std::string& description : record.components) {
    const auto added = builders::add_external_components(description);
    if (!added) return failed(added.error());
  }
  const WallTime start{record.start_nanos};
  plan::PlanWorld world(std::move(record));
  plan::CatalogDataSources data_sources(
      builders::component_catalog(), plan::CatalogDataSources::Mode::Ask,
      [&](const std::string& name) { return world.outside().environment(name); },
      world.asker(nullptr));
  templates::SourceTexts texts;
  const templates::LoadWorld load_world{world.files(),  texts, world.outside(),
                                        world.random(), start, data_sources};
  Diagnosed<templates::Template> loaded = templates::load_template(load, load_world);
  if (!world.refused().empty()) return failed(all_refused(world.refused()));
  if (!loaded.ok()) return failed(invalid_input(mistakes(loaded.diagnostics)));
  Diagnosed<plan::Plan> planned =
      plan::plan_template(*loaded.value, options, builders::component_catalog());
  plan::PlanReply reply;
  if (planned.ok()) {
    const plan::PathProbe probe = world.probe(nullptr);
    for (plan::JobSpec& job : planned.value->jobs) {
      static_cast<void>(plan::take_named_files(job, world.record().working_directory,
                                               world.record().home_directory, probe));
      reply.jobs.push_back({job.display_name, plan::encode_job(job)});
    }
    reply.sensitive = std::move(planned.value->sensitive);
  }
  if (!world.refused().empty()) return failed(all_refused(world.refused()));
  if (!planned.ok()) return failed(invalid_input(mistakes(planned.diagnostics)));
  return reply;
}

}  // namespace farm::coordinator
