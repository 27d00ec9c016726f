// Options of the `puppet-masterless` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_puppet_masterless {

struct Config {
  bool clean_staging_directory = false;
  std::string guest_os_type;
  std::string execute_command;
  std::vector<std::string> extra_arguments;  // late templates
  std::map<std::string, std::string> facter;
  std::string hiera_config_path;
  bool ignore_exit_codes = false;
  std::vector<std::string> module_paths;
  std::string manifest_file;  // a file or a folder
  std::string manifest_dir;
  bool prevent_sudo = false;
  std::string puppet_bin_dir;
  std::string staging_directory;
  std::string working_directory;  // a late template; empty: the staging directory
  std::string elevated_user;
  std::string elevated_password;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_puppet_masterless
