// The `packer` block: which core version and which plugins a template asks for.
#pragma once

#include <string>
#include <vector>

#include "common/template/template.h"

namespace farm::templates {

/// Reports `Unsupported Packer Core version` when `body` (of one packer block) rules out `core`.
void check_required_version(const hcl2::Body& body, const std::string& core,
                            const hcl2::EvalContext& context, Diagnostics& diagnostics);
/// Adds the entries of required_plugins, each checked for its form.
void read_required_plugins(const hcl2::Body& body, const hcl2::EvalContext& context,
                           std::vector<PluginRequirement>& into, Diagnostics& diagnostics);

}  // namespace farm::templates
