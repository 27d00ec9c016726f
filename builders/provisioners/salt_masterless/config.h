// Options of the `salt-masterless` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_salt_masterless {

/// A formula of another repository: where it is cloned from and which folder of it is wanted.
struct Formula {
  std::string repository;
  std::string folder;
  std::string reference;  // branch or tag; empty: the repository's default
};

struct Config {
  bool skip_bootstrap = false;
  std::string bootstrap_args;
  bool disable_sudo = false;
  std::string custom_state;
  std::string minion_config;
  std::string grains_file;
  std::string local_state_tree;
  std::string local_pillar_roots;
  std::string remote_state_tree;
  std::string remote_pillar_roots;
  std::string temp_config_dir;
  bool no_exit_on_failure = false;
  std::string log_level;
  std::string salt_call_args;
  std::string salt_bin_dir;
  std::string guest_os_type;
  std::vector<Formula> formulas;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_salt_masterless
