#include "builders/provisioners/chef_client/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_chef_client {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.chef = staging::decode_chef(reader, context);
  decoded.client_key = reader.string("client_key");
  decoded.knife_command = reader.string("knife_command");
  decoded.node_name = reader.string("node_name");
  decoded.policy_group = reader.string("policy_group");
  decoded.policy_name = reader.string("policy_name");
  decoded.rubygems_url = reader.string("rubygems_url");
  decoded.server_url = reader.string("server_url");
  decoded.skip_clean_client = reader.boolean("skip_clean_client");
  decoded.skip_clean_node = reader.boolean("skip_clean_node");
  decoded.skip_clean_staging_directory = reader.boolean("skip_clean_staging_directory");
  decoded.ssl_verify_mode = reader.string("ssl_verify_mode");
  decoded.trusted_certs_dir = reader.string("trusted_certs_dir");
  decoded.validation_client_name = reader.string("validation_client_name");
  decoded.validation_key_path = reader.string("validation_key_path");
  if (decoded.server_url.empty()) findings.errors.emplace_back("server_url must be set");
  if (decoded.policy_name.empty() != decoded.policy_group.empty()) {
    findings.errors.emplace_back(
        "If either policy_name or policy_group are set, they must both be set.");
  }
  decoded.elevated = staging::decode_elevated_login(reader);
  staging::require_file(context, "validation_key_path", decoded.validation_key_path, findings);
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "chef-client",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_chef_client
