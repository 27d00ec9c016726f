// PluginSource: the plugin that a component comes from in Packer, for required_plugins of upgraded
// templates. Components of the core have none.
#pragma once

#include <optional>
#include <string>

#include "common/plan/schema.h"

namespace farm::farmctl {

struct PluginSource {
  std::string name;        // accessor
  std::string address;     // "github.com/hashicorp/amazon"
  std::string constraint;  // "~> 1"
};

/// Empty for components of the core and those whose origin is not known.
std::optional<PluginSource> plugin_source(plan::ComponentKind kind, const std::string& type);

}  // namespace farm::farmctl
