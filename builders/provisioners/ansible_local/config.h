// Options of the `ansible-local` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_ansible_local {

struct Config {
  std::string command;
  std::vector<std::string> extra_arguments;
  std::string group_vars;
  std::string host_vars;
  std::string playbook_dir;
  std::vector<std::string> playbook_files;  // of playbook_file or playbook_files
  bool single_playbook = false;             // it was playbook_file
  std::vector<std::string> playbook_paths;
  std::vector<std::string> role_paths;
  std::vector<std::string> collection_paths;
  std::string staging_directory;  // empty: a new folder for each run
  bool clean_staging_directory = false;
  std::string inventory_file;
  std::vector<std::string> inventory_groups;
  std::string galaxy_file;
  std::string galaxy_command;
  bool galaxy_force_install = false;
  std::string galaxy_roles_path;
  std::string galaxy_collections_path;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_ansible_local
