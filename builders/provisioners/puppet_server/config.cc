#include "builders/provisioners/puppet_server/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/guest_os.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_puppet_server {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.clean_staging_directory = reader.boolean("clean_staging_directory");
  decoded.client_cert_path = reader.string("client_cert_path");
  decoded.client_private_key_path = reader.string("client_private_key_path");
  decoded.execute_command = reader.string("execute_command");
  decoded.extra_arguments = reader.strings("extra_arguments");
  decoded.facter = reader.string_map("facter");
  decoded.guest_os_type = staging::decode_guest_os_type(reader);
  decoded.ignore_exit_codes = reader.boolean("ignore_exit_codes");
  decoded.prevent_sudo = reader.boolean("prevent_sudo");
  decoded.puppet_bin_dir = reader.string("puppet_bin_dir");
  decoded.puppet_node = reader.string("puppet_node");
  decoded.puppet_server = reader.string("puppet_server");
  decoded.staging_dir = reader.string("staging_dir");
  decoded.working_directory = reader.string("working_directory");
  decoded.elevated_user = reader.string("elevated_user");
  decoded.elevated_password = reader.string("elevated_password");
  if (decoded.elevated_user.empty() && !decoded.elevated_password.empty()) {
    findings.errors.emplace_back("Must supply an 'elevated_user' if 'elevated_password' provided");
  }
  staging::require_directory(context, "client_cert_path", decoded.client_cert_path, findings);
  staging::require_directory(context, "client_private_key_path", decoded.client_private_key_path,
                             findings);
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "puppet-server",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_puppet_server
