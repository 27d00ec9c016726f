#include "common/plan/component_lookup.h"

namespace farm::plan {
namespace {

std::string unknown_summary(ComponentKind kind, const std::string& type) {
  if (kind == ComponentKind::Builder) return "Unknown source type " + type;
  return "Unknown " + std::string(component_kind_name(kind)) + " type \"" + type + "\"";
}

}  // namespace

void ComponentLookup::report_unknown(ComponentKind kind, const std::string& type,
                                     const SourceRange& place, Diagnostics& diagnostics) const {
  const std::string kind_name = component_kind_name(kind);
  std::string hint = catalog_.replacement(kind, type);
  if (hint.empty()) {
    const std::string near = nearest_name(type, catalog_.names(kind));
    if (!near.empty()) hint = "Did you mean \"" + near + "\"?";
  }
  diagnostics.error(unknown_summary(kind, type),
                    "There is no " + kind_name + " called \"" + type + "\".", place, hint);
}

void ComponentLookup::check_name(ComponentKind kind, const std::string& type,
                                 const SourceRange& place, Diagnostics& diagnostics) const {
  if (catalog_.find(kind, type) != nullptr || !catalog_.replacement(kind, type).empty()) return;
  report_unknown(kind, type, place, diagnostics);
}

const ComponentSchema* ComponentLookup::find(ComponentKind kind, const std::string& type,
                                             const SourceRange& place, Diagnostics& diagnostics) {
  const ComponentSchema* schema = catalog_.find(kind, type);
  const std::string kind_name = component_kind_name(kind);
  if (schema == nullptr) {
    report_unknown(kind, type, place, diagnostics);
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
