// Options of the `puppet-server` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_puppet_server {

struct Config {
  bool clean_staging_directory = false;
  std::string client_cert_path;         // a folder here
  std::string client_private_key_path;  // a folder here
  std::string execute_command;
  std::vector<std::string> extra_arguments;  // late templates
  std::map<std::string, std::string> facter;
  std::string guest_os_type;
  bool ignore_exit_codes = false;
  bool prevent_sudo = false;
  std::string puppet_bin_dir;
  std::string puppet_node;
  std::string puppet_server;
  std::string staging_dir;
  std::string working_directory;  // empty: the staging directory
  std::string elevated_user;
  std::string elevated_password;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_puppet_server
