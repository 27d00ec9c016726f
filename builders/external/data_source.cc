#include "builders/external/data_source.h"

#include <nlohmann/json.hpp>

#include "builders/external/guest_calls.h"
#include "builders/external/plugin_process.h"

namespace farm::builders::external {
namespace {

using nlohmann::json;
using plan::ComponentKind;
using value::Value;

class ExternalDataSource final : public DataSource {
 public:
  ExternalDataSource(Plugin plugin, std::string type)
      : plugin_(std::move(plugin)), type_(std::move(type)) {}

  Result<Value> ask(const Value& config, const DataSourceContext& context) override {
    const json options = TRY(to_json_document(config));
    const json start = {{"type", "start"},
                        {"protocol", kPluginProtocol},
                        {"kind", "data-source"},
                        {"component", type_},
                        {"config", options},
                        {"build", {{"working_directory", context.working_directory}}}};
    const json done = TRY(
        run_plugin({.plugin = plugin_,
                    .environment = context.environment,
                    .directory = context.working_directory,
                    .start = start,
                    .answer = [](const std::string& method, const json&) -> Result<json> {
                      return not_found("a data source cannot call '" + method.substr(0, 100) + "'");
                    }},
                   context.cancel));
    const json outputs = done.value("outputs", json());
    if (!outputs.is_object()) {
      return invalid_input("plugin " + plugin_.name + ": its answer has no outputs");
    }
    return from_json_document(outputs);
  }

 private:
  const Plugin plugin_;
  const std::string type_;
};

}  // namespace

void register_data_sources(DataSourceRegistry& registry, const std::vector<Plugin>& plugins) {
  for (const Plugin& plugin : plugins) {
    for (const ExternalComponent& component : plugin.components) {
      if (component.kind != ComponentKind::DataSource) continue;
      const std::string& name = component.name;
      registry.add(name,
                   [plugin, name] { return std::make_unique<ExternalDataSource>(plugin, name); });
    }
  }
}

}  // namespace farm::builders::external
