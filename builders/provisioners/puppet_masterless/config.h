// Options of the `puppet-masterless` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/staging/puppet.h"

namespace farm::builders::provisioner_puppet_masterless {

struct Config {
  staging::PuppetOptions puppet;
  std::string hiera_config_path;
  std::vector<std::string> module_paths;
  std::string manifest_file;  // a file or a folder
  std::string manifest_dir;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_puppet_masterless
