#include "agent/runner/survey.h"

#include <algorithm>
#include <csignal>

#include "agent/spool/survey_directory.h"
#include "common/base/log.h"

namespace farm::agent {
namespace {

// Nobody reads along: what goes wrong is in the answer.
class QuietUi final : public builders::Ui {
 public:
  void say(std::string_view text) override { log::debug("survey", {{"text", std::string(text)}}); }
  void message(std::string_view text) override { say(text); }
  void error(std::string_view text) override { say(text); }
  void progress(std::string_view, uint64_t, uint64_t) override {}
};

struct Tools {
  QuietUi ui;
  SystemClock clock;
  SystemRandom random;
  Environment environment = Environment::of_process();
  CancelToken cancel;  // a signal ends the process
};

// Configurations without a word: everything comes from the environment.
std::vector<builders::LeftComponent> components_of(const builders::Registry& registry) {
  std::vector<builders::LeftComponent> components;
  for (const builders::Surveyor& surveyor : registry.surveyors()) {
    components.push_back(
        {plan::ComponentKind::Builder, surveyor.builder, value::Value::object({})});
  }
  return components;
}

std::vector<wire::MarkedThing> remove_all(const std::vector<wire::MarkedThing>& things,
                                          const builders::Registry& registry, Tools& tools) {
  const plan::RenderInputs render;
  builders::ReapContext context{tools.ui,     tools.clock, tools.random, tools.environment,
                                tools.cancel, render,      "/",          components_of(registry)};
  std::vector<wire::MarkedThing> removed = things;
  for (wire::MarkedThing& thing : removed) {
    const builders::Reaper* reaper = registry.reaper(thing.kind);
    if (reaper == nullptr) {
      thing.error = "nothing here knows how to remove a " + thing.kind;
      continue;
    }
    const Result<void> gone = (*reaper)(context, {thing.kind, thing.name, thing.id});
    thing.error = gone ? std::string() : gone.error().message;
  }
  return removed;
}

wire::ProviderView look(const builders::Surveyor& surveyor, builders::SurveyDepth depth,
                        Tools& tools) {
  builders::SurveyContext context{tools.ui,          tools.clock,  tools.random,
                                  tools.environment, tools.cancel, depth};
  Result<wire::ProviderView> seen = surveyor.look(context);
  if (seen) return *std::move(seen);
  wire::ProviderView view;
  view.provider = surveyor.provider;
  view.error = seen.error().message;
  return view;
}

Result<void> answer(const SurveyDirectory& directory, const builders::Registry& registry) {
  const wire::SurveyOrder order = TRY(directory.order());
  Tools tools;
  wire::Survey survey;
  survey.request = order.request;
  survey.removed = remove_all(order.remove, registry, tools);
  const auto depth =
      order.request.empty() ? builders::SurveyDepth::Load : builders::SurveyDepth::Marks;
  for (const builders::Surveyor& surveyor : registry.surveyors()) {
    if (surveyor.configured(tools.environment)) {
      survey.views.push_back(look(surveyor, depth, tools));
    }
  }
  return directory.write_answer(survey);
}

}  // namespace

bool is_survey(const std::string& directory) { return SurveyDirectory(directory).ordered(); }

int run_survey(const std::string& directory, const builders::Registry& registry) {
  ::signal(SIGPIPE, SIG_IGN);
  const Result<void> answered = answer(SurveyDirectory(directory), registry);
  if (answered) return 0;
  log::error("survey failed", {{"error", answered.error().message}});
  return 1;
}

bool can_survey(const builders::Registry& registry, const Environment& environment) {
  return std::any_of(
      registry.surveyors().begin(), registry.surveyors().end(),
      [&](const builders::Surveyor& surveyor) { return surveyor.configured(environment); });
}

}  // namespace farm::agent
