#include "builders/platforms/vsphere/survey.h"

#include <algorithm>
#include <ctime>

#include "builders/core/config.h"
#include "builders/platforms/vsphere/host_load.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {
namespace {

Result<ConnectOptions> options_of(const Environment& environment) {
  const value::Value nothing = value::Value::object({});
  Findings findings;
  const ConfigReader reader(nothing, findings);
  ConnectOptions options = read_connect_options(reader, environment);
  if (!findings.ok()) return invalid_input(findings.text());
  return options;
}

// "2026-11-22T10:00:00Z", with or without a fraction.
Duration age_since(const std::string& created, const SurveyContext& context) {
  std::tm parts{};
  if (created.empty() || ::strptime(created.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
    return Duration{0};
  }
  const int64_t age = context.clock.wall().unix_seconds() - ::timegm(&parts);
  return std::chrono::seconds(std::max<int64_t>(age, 1));
}

std::string mark_in(const XmlNode& parameters) {
  std::string mark;
  for (const XmlNode& one : array_elements(parameters)) {
    if (one.text("key") == kTagKey) mark = one.text("value");
  }
  return mark;
}

Result<void> add_machines(Session& session, SurveyContext& context, wire::ProviderView& view) {
  const std::vector<ObjectProperties> machines =
      TRY(retrieve_below(session, session.content().root_folder, "VirtualMachine",
                         {"config.extraConfig", "config.createDate"}, context.cancel));
  for (const ObjectProperties& machine : machines) {
    const std::string mark = mark_in(machine.value("config.extraConfig"));
    if (mark.empty()) continue;
    const std::string path =
        TRY(object_path(session, machine.object, context.cancel));
    wire::MarkedThing thing;
    thing.kind = resource::kMachine;
    thing.name = path + "#" + mark;
    thing.id = machine.object.id;
    thing.mark = mark;
    thing.age = age_since(machine.text("config.createDate"), context);
    view.things.push_back(std::move(thing));
  }
  return {};
}

Result<wire::ProviderView> look(SurveyContext& context) {
  const ConnectOptions options = TRY(options_of(context.environment));
  const std::unique_ptr<Session> session = TRY(Session::open(options, context.cancel));
  wire::ProviderView view;
  view.provider = "vsphere";
  view.place = options.server;
  view.credential = options.username;
  std::vector<HostLoad> loads =
      TRY(read_host_loads(*session, session->content().root_folder, context.cancel));
  for (HostLoad& load : loads) view.nodes.push_back(std::move(load.node));
  if (context.depth == SurveyDepth::Marks) TRY(add_machines(*session, context, view));
  return view;
}

}  // namespace

Surveyor vsphere_surveyor() {
  return {"vsphere", "vsphere-iso",
          [](const Environment& environment) { return options_of(environment).has_value(); }, look};
}

}  // namespace farm::builders::vsphere
