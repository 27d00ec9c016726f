// What puppet-masterless and puppet-server have in common: facts as environment variables, the way
// the program is run, and its exit codes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/staging/guest.h"

namespace farm::builders::staging {

/// Facts for Facter as the beginning of a command line: packer_build_name, packer_builder_type,
/// packer_http_addr when there is one, and `facts`, which win; sorted by name.
std::string facter_variables(const std::map<std::string, std::string>& facts, GuestOs os,
                             const BuildContext& context);

struct PuppetRun {
  std::string command;
  std::string elevated_user;  // Windows: run as this user with highest privileges
  Secret elevated_password;
  bool ignore_exit_codes = false;
};
/// "Running Puppet: ...". 0 and 2 (something was changed) are good.
Result<void> run_puppet(BuildContext& context, const Guest& guest, const PuppetRun& run);

/// The default command puts options it has nothing for away: "--name='value' " or nothing.
std::string puppet_option(const std::string& name, const std::string& value);

}  // namespace farm::builders::staging
