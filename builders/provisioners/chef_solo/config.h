// Options of the `chef-solo` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/staging/chef.h"

namespace farm::builders::provisioner_chef_solo {

struct Config {
  staging::ChefOptions chef;
  std::vector<std::string> cookbook_paths;  // folders here
  std::vector<std::string> remote_cookbook_paths;
  std::string roles_path;
  std::string data_bags_path;
  std::string environments_path;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_chef_solo
