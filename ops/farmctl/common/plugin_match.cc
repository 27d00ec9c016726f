#include "ops/farmctl/common/plugin_match.h"

namespace farm::farmctl {

PluginMatch match_plugin(const std::string& source, const plan::ComponentCatalog& catalog) {
  using plan::ComponentKind;
  const std::string name = source.substr(source.rfind('/') + 1);
  PluginMatch best = PluginMatch::Unknown;
  for (const ComponentKind kind : {ComponentKind::Builder, ComponentKind::Provisioner,
                                   ComponentKind::PostProcessor, ComponentKind::DataSource}) {
    for (const std::string& component : catalog.names(kind)) {
      if (component != name && !component.starts_with(name + "-")) continue;
      if (catalog.find(kind, component)->built_in) return PluginMatch::BuiltIn;
      best = PluginMatch::Readable;
    }
  }
  return best;
}

}  // namespace farm::farmctl
