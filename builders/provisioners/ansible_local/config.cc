#include "builders/provisioners/ansible_local/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_ansible_local {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.command =
      reader.string("command", "ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook");
  decoded.extra_arguments = reader.strings("extra_arguments");
  decoded.group_vars = reader.string("group_vars");
  decoded.host_vars = reader.string("host_vars");
  decoded.playbook_dir = reader.string("playbook_dir");
  decoded.playbook_files = reader.strings("playbook_files");
  const std::string single = reader.string("playbook_file");
  if (!single.empty() && !decoded.playbook_files.empty()) {
    findings.errors.emplace_back(
        "Either playbook_file or playbook_files can be specified, not both");
  }
  if (single.empty() && decoded.playbook_files.empty()) {
    findings.errors.emplace_back("Either playbook_file or playbook_files must be specified");
  }
  if (!single.empty()) {
    decoded.playbook_files = {single};
    decoded.single_playbook = true;
  }
  decoded.playbook_paths = reader.strings("playbook_paths");
  decoded.role_paths = reader.strings("role_paths");
  decoded.collection_paths = reader.strings("collection_paths");
  decoded.staging_directory = reader.string("staging_directory");
  decoded.clean_staging_directory = reader.boolean("clean_staging_directory");
  decoded.inventory_file = reader.string("inventory_file");
  decoded.inventory_groups = reader.strings("inventory_groups");
  decoded.galaxy_file = reader.string("galaxy_file");
  decoded.galaxy_command = reader.string("galaxy_command", "ansible-galaxy");
  decoded.galaxy_force_install = reader.boolean("galaxy_force_install");
  decoded.galaxy_roles_path = reader.string("galaxy_roles_path");
  decoded.galaxy_collections_path = reader.string("galaxy_collections_path");

  const char* playbook_option = decoded.single_playbook ? "playbook_file" : "playbook_files";
  for (const std::string& path : decoded.playbook_files) {
    staging::require_file(context, playbook_option, path, findings);
  }
  staging::require_directory(context, "playbook_dir", decoded.playbook_dir, findings);
  staging::require_directory(context, "group_vars", decoded.group_vars, findings);
  staging::require_directory(context, "host_vars", decoded.host_vars, findings);
  staging::require_file(context, "inventory_file", decoded.inventory_file, findings);
  staging::require_file(context, "galaxy_file", decoded.galaxy_file, findings);
  for (const std::string& path : decoded.playbook_paths) {
    staging::require_directory(context, "playbook_paths", path, findings);
  }
  for (const std::string& path : decoded.role_paths) {
    staging::require_directory(context, "role_paths", path, findings);
  }
  for (const std::string& path : decoded.collection_paths) {
    staging::require_directory(context, "collection_paths", path, findings);
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "ansible-local",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_ansible_local
