// The command line of ovftool for an upload.
#pragma once

#include <string>
#include <vector>

#include "builders/post_processors/vsphere/config.h"

namespace farm::builders::post_processor_vsphere {

/// ovftool's arguments for uploading `source`; the target holds the password.
std::vector<std::string> ovftool_arguments(const Config& config, const std::string& source);

/// "vi://user:password@host/datacenter/host/cluster..." with its parts percent-encoded.
std::string ovftool_target(const Config& config, const std::string& password);

}  // namespace farm::builders::post_processor_vsphere
