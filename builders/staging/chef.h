// What chef-solo and chef-client have in common: how Chef gets onto the machine, its configuration
// files and the attributes of the node.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"
#include "builders/staging/guest_os.h"

namespace farm::builders::staging {

struct ChefOptions {
  std::string attributes;  // JSON text of `json` or `json_string`; empty: none
  std::vector<std::string> run_list;
  std::string chef_environment;
  std::string chef_license;
  std::string config_template;
  std::string encrypted_data_bag_secret_path;
  std::string execute_command;
  std::string guest_os_type;
  std::string install_command;
  bool prevent_sudo = false;
  bool skip_install = false;
  std::string staging_directory;
  std::string version;
};

ChefOptions decode_chef(const ConfigReader& reader, const PrepareContext& context);

/// The file with the node's attributes and run list, indented by two blanks, keys sorted.
Result<std::string> chef_attributes(const ChefOptions& options);

/// Default of install_command; a template with .Sudo and .Version.
const char* chef_install_command(GuestOs os);

/// A part of a Ruby configuration file: `lines` (each with its line end) set apart by blank lines,
/// or only the blank line when there are none, so that files come out as users know them.
std::string chef_section(const std::string& lines);
/// `name`, which ends in its own blanks, and `value` in double quotes; nothing when it is empty.
std::string chef_setting(const std::string& name, const std::string& value);

}  // namespace farm::builders::staging
