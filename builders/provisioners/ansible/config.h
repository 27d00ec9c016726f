// Options of the `ansible` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_ansible {

struct Config {
  std::string command;
  std::vector<std::string> extra_arguments;
  std::vector<std::string> ansible_env_vars;
  std::string playbook_file;
  std::vector<std::string> ansible_ssh_extra_args;
  std::vector<std::string> groups;
  std::vector<std::string> empty_groups;
  std::string host_alias;
  std::string user;  // empty: see provisioner.cc
  uint16_t local_port = 0;
  std::string ssh_host_key_file;
  std::string ssh_authorized_key_file;
  std::string ansible_proxy_key_type;
  std::string sftp_command;
  bool skip_version_check = false;
  bool use_sftp = false;
  std::string inventory_directory;
  std::string inventory_file_template;  // a late template
  std::string inventory_file;
  bool keep_inventory_file = false;
  std::string galaxy_file;
  std::string galaxy_command;
  bool galaxy_force_install = false;
  bool galaxy_force_with_deps = false;
  std::string roles_path;
  std::string collections_path;
  bool use_proxy = true;
  bool ansible_winrm_use_http = false;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_ansible
