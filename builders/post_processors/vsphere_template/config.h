// Options of the vsphere-template post-processor: turns a machine on a vCenter server into a
// template in the folder it belongs to.
#pragma once

#include <string>

#include "builders/core/config.h"
#include "builders/steps/vsphere/connect_options.h"

namespace farm::builders::post_processor_vsphere_template {

struct Config {
  vsphere::ConnectOptions connect;
  std::string template_name;  // empty: the machine's
  std::string folder;         // empty: where the machine is; starts with a slash
  bool snapshot = false;
  std::string snapshot_name;
  std::string snapshot_description;
  bool reregister = true;
  bool replace = false;
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_vsphere_template
