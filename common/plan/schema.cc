#include "common/plan/schema.h"

#include <algorithm>

namespace farm::plan {

const char* component_kind_name(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::Builder: return "builder";
    case ComponentKind::Provisioner: return "provisioner";
    case ComponentKind::PostProcessor: return "post-processor";
    case ComponentKind::DataSource: return "data source";
  }
  return "component";
}

const Option* ComponentSchema::find(std::string_view wanted) const {
  const auto found = std::lower_bound(
      options.begin(), options.end(), wanted,
      [](const Option& option, std::string_view text) { return option.name < text; });
  return found != options.end() && found->name == wanted ? &*found : nullptr;
}

}  // namespace farm::plan
