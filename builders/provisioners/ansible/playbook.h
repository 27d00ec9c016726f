// The command lines of Ansible's programs, and the inventory: everything that is text. What they
// are run on (the adapter or the guest itself) is a Target.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/provisioners/ansible/config.h"

namespace farm::builders::provisioner_ansible {

/// Where Ansible connects, and as whom.
struct Target {
  enum class Way { Adapter, Ssh, WinRm };
  Way way = Way::Adapter;
  std::string host;
  uint16_t port = 0;
  std::string user;
  std::string private_key_file;  // empty: an agent, a password, or the user's own configuration
  /// JSON file with the variables that must not be seen in a list of processes; empty: none.
  std::string secrets_file;
  /// The scp of this machine needs -O to speak the scp protocol.
  bool scp_needs_legacy_flag = false;
};

/// The inventory: the host's line, once more below each group, and the empty groups.
Result<std::string> inventory_text(const Config& config, const Target& target,
                                   BuildContext& context);

/// ansible-playbook with its arguments.
std::vector<std::string> playbook_command(const Config& config, const Target& target,
                                          const BuildContext& context,
                                          const std::string& inventory);

/// Environment of Ansible's programs: the build's, what the adapter needs, ansible_env_vars.
std::map<std::string, std::string> ansible_environment(const Config& config,
                                                       const BuildContext& context);

/// The runs of ansible-galaxy that install what `galaxy_text` asks for: roles, collections or both.
std::vector<std::vector<std::string>> galaxy_commands(const Config& config,
                                                      const std::string& galaxy_text);

/// InvalidInput when the first line of `--version` tells a release before 1.6.0, or none.
Result<void> check_ansible_version(const std::string& output);

/// Whether `ssh -V` names an OpenSSH whose scp speaks SFTP unless told otherwise.
bool scp_speaks_sftp(const std::string& ssh_version);

}  // namespace farm::builders::provisioner_ansible
