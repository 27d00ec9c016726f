// Options of the `chef-client` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/staging/chef.h"
#include "builders/staging/elevated_login.h"

namespace farm::builders::provisioner_chef_client {

struct Config {
  staging::ChefOptions chef;
  std::string client_key;  // a path on the guest; empty: in the staging directory
  staging::ElevatedLogin elevated;
  std::string knife_command;
  std::string node_name;  // empty: packer-UUID
  std::string policy_group;
  std::string policy_name;
  std::string rubygems_url;
  std::string server_url;
  bool skip_clean_client = false;
  bool skip_clean_node = false;
  bool skip_clean_staging_directory = false;
  std::string ssl_verify_mode;
  std::string trusted_certs_dir;
  std::string validation_client_name;
  std::string validation_key_path;  // a file here
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_chef_client
