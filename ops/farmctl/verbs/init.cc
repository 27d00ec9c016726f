// farmctl init: scripts run it first. Components are built in, so it checks required_plugins
// against them instead of downloading anything.

#include "builders/core/schema/catalog.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/common/plugin_match.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {

int run_init(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"init", "TEMPLATE", "Checks required plugins against what is built in."},
      with_template_flags({{"upgrade", FlagKind::Switch, "no effect: components are built in"},
                           {"force", FlagKind::Switch, "no effect: components are built in"}}),
      exit_code);
  if (!flags) return exit_code;
  Result<templates::LoadOptions> options = load_options(*flags, flags->arguments()[0]);
  if (!options) {
    invocation.output.error("Error: " + options.error().message);
    return kFailure;
  }
  options->syntax_only = true;
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  Diagnostics found = session.load(*options, plan::CatalogDataSources::Mode::Unknown);
  const templates::Template* made = session.loaded();
  if (made != nullptr && made->syntax == templates::Syntax::LegacyJson) {
    invocation.output.error(
        "Error: packer plugins currently only works with HCL2 configuration templates.");
    return kFailure;
  }
  if (made == nullptr || found.has_errors()) {
    invocation.output.diagnostics(found, session.texts());
    return kFailure;
  }
  if (made->plugins.empty()) {
    invocation.output.say(
        "No plugins requirement found, make sure you reference a Packer config containing a "
        "packer.required_plugins block.");
    return kSuccess;
  }
  Diagnostics problems;
  for (const templates::PluginRequirement& plugin : made->plugins) {
    const PluginMatch match = match_plugin(plugin.source, builders::component_catalog());
    if (match == PluginMatch::Unknown) {
      // Not an error: templates ask for the plugins of every hypervisor they know, and a build
      // that leaves such a component out with -only works. One that uses it is refused by name.
      problems.warning("Missing plugins",
                       "The plugin \"" + plugin.source +
                           "\" is not part of farm, and farm does not load foreign plugins. "
                           "Builds that use its components are refused.",
                       plugin.declared);
    } else if (match == PluginMatch::Readable) {
      problems.warning("Component cannot run here yet",
                       "The components of \"" + plugin.source +
                           "\" are checked, but this version of farm cannot run them.",
                       plugin.declared);
    }
  }
  invocation.output.diagnostics(problems, session.texts());
  return kSuccess;
}

}  // namespace farm::farmctl
