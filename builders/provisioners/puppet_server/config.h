// Options of the `puppet-server` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/staging/puppet.h"

namespace farm::builders::provisioner_puppet_server {

struct Config {
  staging::PuppetOptions puppet;
  std::string client_cert_path;         // a folder here
  std::string client_private_key_path;  // a folder here
  std::string puppet_node;
  std::string puppet_server;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_puppet_server
