#include "builders/provisioners/puppet_masterless/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/guest_os.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_puppet_masterless {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.clean_staging_directory = reader.boolean("clean_staging_directory");
  decoded.guest_os_type = staging::decode_guest_os_type(reader);
  decoded.execute_command = reader.string("execute_command");
  decoded.extra_arguments = reader.strings("extra_arguments");
  decoded.facter = reader.string_map("facter");
  decoded.hiera_config_path = reader.string("hiera_config_path");
  decoded.ignore_exit_codes = reader.boolean("ignore_exit_codes");
  decoded.module_paths = reader.strings("module_paths");
  decoded.manifest_file = reader.string("manifest_file");
  decoded.manifest_dir = reader.string("manifest_dir");
  decoded.prevent_sudo = reader.boolean("prevent_sudo");
  decoded.puppet_bin_dir = reader.string("puppet_bin_dir");
  decoded.staging_directory = reader.string("staging_directory");
  decoded.working_directory = reader.string("working_directory");
  decoded.elevated_user = reader.string("elevated_user");
  decoded.elevated_password = reader.string("elevated_password");
  if (decoded.manifest_file.empty()) {
    findings.errors.emplace_back("A manifest_file must be specified.");
  }
  if (decoded.elevated_user.empty() && !decoded.elevated_password.empty()) {
    findings.errors.emplace_back("Must supply an 'elevated_user' if 'elevated_password' provided");
  }
  staging::require_path(context, "manifest_file", decoded.manifest_file, findings);
  staging::require_directory(context, "manifest_dir", decoded.manifest_dir, findings);
  staging::require_file(context, "hiera_config_path", decoded.hiera_config_path, findings);
  for (const std::string& path : decoded.module_paths) {
    staging::require_directory(context, "module_path", path, findings);
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "puppet-masterless",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_puppet_masterless
