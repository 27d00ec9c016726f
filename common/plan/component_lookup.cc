#include "common/plan/component_lookup.h"

namespace farm::plan {
namespace {

std::string unknown_summary(ComponentKind kind, const std::string& type) {
  if (kind == ComponentKind::Builder) return "Unknown source type " + type;
  return "Unknown " + std::string(component_kind_name(kind)) + " type \"" + type + "\"";
}

}  // namespace

const ComponentSchema* ComponentLookup::find(ComponentKind kind, const std::string& type,
                                             const SourceRange& place, Diagnostics& diagnostics) {
  const ComponentSchema* schema = catalog_.find(kind, type);
  const std::string kind_name = component_kind_name(kind);
  if (schema == nullptr) {
    const std::string advice = catalog_.replacement(kind, type);
    const std::string near = nearest_name(type, catalog_.names(kind));
    std::string hint = advice;
    if (hint.empty() && !near.empty()) hint = "Did you mean \"" + near + "\"?";
    diagnostics.error(unknown_summary(kind, type),
                      "There is no " + kind_name + " called \"" + type + "\".", place, hint);
    return nullptr;
  }
  if (schema->built_in) return schema;
  if (options_.require_built_in) {
    diagnostics.error("Missing plugins",
                      "The " + kind_name + " \"" + type +
                          "\" can be checked but not run by this version of farm.",
                      place);
    return nullptr;
  }
  if (warned_.insert(kind_name + type).second) {
    diagnostics.warning("Component cannot run here yet",
                        "The " + kind_name + " \"" + type +
                            "\" is checked, but this version of farm cannot run it.",
                        place);
  }
  return schema;
}

}  // namespace farm::plan
