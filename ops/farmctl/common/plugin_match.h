// required_plugins against what is built in.
#pragma once

#include <string>

#include "common/plan/schema.h"

namespace farm::farmctl {

enum class PluginMatch {
  BuiltIn,   // at least one of its components can run here
  Readable,  // its components are checked but cannot run here
  Unknown,
};

/// `source`: "github.com/hashicorp/qemu". The last part names the components: qemu, qemu-*.
PluginMatch match_plugin(const std::string& source, const plan::ComponentCatalog& catalog);

}  // namespace farm::farmctl
