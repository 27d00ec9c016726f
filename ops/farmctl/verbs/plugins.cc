// farmctl plugins: what the reference installs as plugins is built in here; the list says so, and
// names the external components of the user with those that were refused.

#include "builders/core/schema/built_in.h"
#include "builders/core/schema/catalog.h"
#include "builders/external/catalog/plugin_folder.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/common/plugin_match.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

constexpr const char* kPurpose =
    "installed: list components that can run. required TEMPLATE: list what a template asks for.";

int list_installed(Invocation& invocation) {
  using plan::ComponentKind;
  for (const ComponentKind kind : {ComponentKind::Builder, ComponentKind::Provisioner,
                                   ComponentKind::PostProcessor, ComponentKind::DataSource}) {
    for (const std::string& name : builders::component_catalog().names(kind)) {
      if (!builders::component_catalog().find(kind, name)->built_in) continue;
      const char* origin = builders::is_built_in(kind, name) ? "built-in " : "external ";
      invocation.output.say(origin + std::string(plan::component_kind_name(kind)) + " " + name);
    }
  }
  for (const std::string& sentence :
       builders::external::user_plugins(invocation.environment).refused) {
    invocation.output.say(sentence);
  }
  return kSuccess;
}

int list_required(Invocation& invocation, const std::string& path) {
  templates::LoadOptions options;
  options.path = path;
  options.syntax_only = true;
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  const Diagnostics found = session.load(options, plan::CatalogDataSources::Mode::Unknown);
  invocation.output.diagnostics(found, session.texts());
  if (found.has_errors() || session.loaded() == nullptr) return kFailure;
  for (const templates::PluginRequirement& plugin : session.loaded()->plugins) {
    const PluginMatch match = match_plugin(plugin.source, builders::component_catalog());
    invocation.output.say(plugin.name + " " + plugin.source + " \"" + plugin.constraint + "\"" +
                          (match == PluginMatch::BuiltIn ? " built-in" : ""));
  }
  return kSuccess;
}

}  // namespace

int run_plugins(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"plugins", "installed|required [TEMPLATE]", kPurpose, 1, 3}, {}, exit_code);
  if (!flags) return exit_code;
  const std::vector<std::string>& words = flags->arguments();
  if (words[0] == "installed" && words.size() == 1) return list_installed(invocation);
  if (words[0] == "required" && words.size() == 2) return list_required(invocation, words[1]);
  if (words[0] == "install" || words[0] == "remove") {
    invocation.output.error("farmctl plugins " + words[0] +
                            ": components are built into farm; there is nothing to " + words[0] +
                            ".");
    return kFailure;
  }
  invocation.output.error(usage("plugins", "installed|required [TEMPLATE]", kPurpose, {}));
  return kFailure;
}

}  // namespace farm::farmctl
