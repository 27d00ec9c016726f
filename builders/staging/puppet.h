// The options that puppet-masterless and puppet-server have in common.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/core/config.h"
#include "builders/staging/elevated_login.h"

namespace farm::builders::staging {

struct PuppetOptions {
  bool clean_staging_directory = false;
  ElevatedLogin elevated;
  std::string execute_command;
  std::vector<std::string> extra_arguments;  // late templates
  std::map<std::string, std::string> facter;
  std::string guest_os_type;
  bool ignore_exit_codes = false;
  bool prevent_sudo = false;
  std::string puppet_bin_dir;
  std::string staging_directory;
  std::string working_directory;  // empty: the staging directory
};

/// `staging_option` is the name of the option for the staging directory: each provisioner has its own.
PuppetOptions decode_puppet(const ConfigReader& reader, const char* staging_option);

}  // namespace farm::builders::staging
