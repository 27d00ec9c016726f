#include "builders/provisioners/chef_solo/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_chef_solo {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.chef = staging::decode_chef(reader, context);
  decoded.cookbook_paths = reader.strings("cookbook_paths");
  decoded.remote_cookbook_paths = reader.strings("remote_cookbook_paths");
  decoded.roles_path = reader.string("roles_path");
  decoded.data_bags_path = reader.string("data_bags_path");
  decoded.environments_path = reader.string("environments_path");
  for (const std::string& path : decoded.cookbook_paths) {
    staging::require_directory(context, "cookbook_paths", path, findings);
  }
  staging::require_directory(context, "roles_path", decoded.roles_path, findings);
  staging::require_directory(context, "data_bags_path", decoded.data_bags_path, findings);
  staging::require_directory(context, "environments_path", decoded.environments_path, findings);
  if (!decoded.chef.chef_environment.empty() && decoded.environments_path.empty() &&
      decoded.chef.config_template.empty()) {
    findings.warnings.emplace_back("chef_environment has no effect without environments_path");
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "chef-solo",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_chef_solo
