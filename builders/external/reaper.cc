#include "builders/external/reaper.h"

#include <nlohmann/json.hpp>

#include "builders/external/guest_calls.h"
#include "builders/external/plugin_process.h"
#include "common/io/files.h"

namespace farm::builders::external {
namespace {

using nlohmann::json;

Result<void> reap(const Plugin& plugin, const ExternalComponent& component,
                  const std::string& resource, ReapContext& context, const LeftResource& left) {
  const value::Value* config = context.config_of({component.name});
  if (config == nullptr) return not_found("the job's options of " + component.name + " are gone");
  const json options = TRY(to_json_document(*config));
  const json start = {
      {"type", "start"},
      {"protocol", kPluginProtocol},
      {"kind", "reaper"},
      {"component", component.name},
      {"config", options},
      {"build", {{"name", context.render.build_name}, {"type", context.render.build_type}}},
      {"resource", {{"kind", resource}, {"name", left.name}, {"id", left.id}}}};
  TRY(run_plugin({.plugin = plugin,
                  .environment = context.environment,
                  // The build's own may be gone.
                  .directory = io::is_directory(context.working_directory)
                                   ? context.working_directory
                                   : std::string("/"),
                  .start = start,
                  .answer = [](const std::string& method, const json&) -> Result<json> {
                    return not_found("there is no build to ask for '" + method.substr(0, 100) +
                                     "'");
                  },
                  .ui = &context.ui},
                 context.cancel));
  return {};
}

}  // namespace

Reaper plugin_reaper(const Plugin& plugin, const ExternalComponent& component,
                     const std::string& resource) {
  return [plugin, component, resource](ReapContext& context, const LeftResource& left) {
    return reap(plugin, component, resource, context, left);
  };
}

}  // namespace farm::builders::external
