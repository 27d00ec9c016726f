// The command line of ovftool for an upload.
#pragma once

#include <string>
#include <vector>

#include "builders/post_processors/vsphere/config.h"

namespace farm::builders::post_processor_vsphere {

/// ovftool's arguments for uploading `source`. No password: everybody on the machine sees command
/// lines. ovftool asks for it on its standard input.
std::vector<std::string> ovftool_arguments(const Config& config, const std::string& source);

/// "vi://user@host/datacenter/host/cluster..." with its parts percent-encoded.
std::string ovftool_target(const Config& config);

}  // namespace farm::builders::post_processor_vsphere
