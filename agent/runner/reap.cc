#include "agent/runner/reap.h"

#include <unistd.h>

#include "agent/ledger/file_ledger.h"
#include "agent/ledger/sweep.h"
#include "agent/runner/component_setup.h"
#include "agent/runner/redactor.h"
#include "agent/runner/spool_ui.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

// The configs that can be made; a component whose config cannot be is of no use to a reaper.
std::vector<builders::LeftComponent> components_of(const ComponentSetup& setup,
                                                   const plan::JobSpec& job) {
  std::vector<builders::LeftComponent> components;
  const auto add = [&](plan::ComponentKind kind, const plan::ComponentSpec& spec) {
    Result<value::Value> config = component_config(setup, kind, spec, nullptr);
    if (config) {
      components.push_back({kind, spec.type, *std::move(config)});
    } else {
      log::warn("no config for reaping",
                {{"component", spec.type}, {"error", config.error().message}});
    }
  };
  add(plan::ComponentKind::Builder, job.builder);
  for (const auto& sequence : job.post_processors) {
    for (const plan::PostProcessorSpec& spec : sequence) {
      add(plan::ComponentKind::PostProcessor, spec.component);
    }
  }
  return components;
}

std::string described(const OpenResource& resource) {
  return resource.kind + " " + resource.name + (resource.id.empty() ? "" : " (" + resource.id + ")");
}

Result<void> reap_one(builders::ReapContext& context, const builders::Registry& registry,
                      const OpenResource& resource) {
  const builders::Reaper* reaper = registry.reaper(resource.kind);
  if (reaper == nullptr) {
    return not_found("nothing here knows how to remove a " + resource.kind);
  }
  context.ui.say("Removing what the build left: " + described(resource) + "...");
  return (*reaper)(context, {resource.kind, resource.name, resource.id});
}

Result<bool> reap(const LeaseDirectory& lease, ControlChannel& control,
                  const builders::Registry& registry, const plan::ComponentCatalog& catalog) {
  const wire::Offer offer = TRY(lease.offer());
  const plan::JobSpec job = TRY(plan::decode_job(offer.spec));
  SystemClock clock;
  SystemRandom random;
  const Environment environment = Environment::of_process();
  const Redactor redactor(offer.sensitive);
  SpoolUi ui = TRY(SpoolUi::open(lease.log(), redactor, control, clock));
  FileLedger ledger = TRY(FileLedger::open(lease.ledger()));
  const std::string working = offer.options.in_place
                                  ? offer.options.working_directory
                                  : io::join_path(lease.work(), offer.options.working_directory);
  // It may be gone by now, and the configuration rarely needs it.
  if (::chdir(working.c_str()) != 0) log::info("reaping elsewhere", {{"directory", working}});
  const ComponentSetup setup{registry, catalog, job.render, environment, clock, random, working,
                             offer.options.force};
  const CancelToken cancel;  // a signal ends the process: every reaper can be repeated
  builders::ReapContext context{ui,     clock,      random,  environment,
                                cancel, job.render, working, components_of(setup, job)};
  bool all_gone = true;
  const std::vector<OpenResource> open = ledger.open_resources();
  for (auto resource = open.rbegin(); resource != open.rend(); ++resource) {
    if (is_local_kind(resource->kind)) continue;
    Result<void> removed = reap_one(context, registry, *resource);
    if (removed) removed = ledger.gone(resource->intent);
    if (removed) continue;
    all_gone = false;
    ui.error("Not removed: " + described(*resource) + ": " + removed.error().message);
  }
  return all_gone;
}

}  // namespace

int reap_lease(const LeaseDirectory& lease, ControlChannel control,
               const builders::Registry& registry, const plan::ComponentCatalog& catalog) {
  const Result<bool> done = reap(lease, control, registry, catalog);
  if (done) return *done ? 0 : 1;
  log::error("reaper failed", {{"lease", lease.path()}, {"error", done.error().message}});
  return 1;
}

}  // namespace farm::agent
