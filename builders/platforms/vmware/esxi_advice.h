// What to say to templates that build on ESXi over ssh (remote_type), which the VMware desktop
// builders no longer do: the vsphere-iso block that comes to the same.
#pragma once

#include <string>

#include "common/value/value.h"

namespace farm::builders::vmware {

/// Empty when the config has none of the options for remote hosts.
std::string esxi_advice(const value::Value& config, const std::string& build_name);

}  // namespace farm::builders::vmware
