#include "builders/provisioners/ansible/config.h"

#include <fmt/format.h>

#include "builders/core/config_check.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_ansible {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.command = reader.string("command", "ansible-playbook");
  decoded.extra_arguments = reader.strings("extra_arguments");
  decoded.ansible_env_vars = reader.strings("ansible_env_vars");
  decoded.playbook_file = reader.string("playbook_file");
  decoded.ansible_ssh_extra_args = reader.strings("ansible_ssh_extra_args");
  if (decoded.ansible_ssh_extra_args.empty()) {
    decoded.ansible_ssh_extra_args = {"-o IdentitiesOnly=yes"};
  }
  decoded.groups = reader.strings("groups");
  decoded.empty_groups = reader.strings("empty_groups");
  decoded.host_alias = reader.string("host_alias", "default");
  decoded.user = reader.string("user");
  const int64_t port = reader.integer("local_port");
  if (port < 0 || port > 65535) {
    findings.errors.push_back(fmt::format("local_port: {} must be a valid port", port));
  } else {
    decoded.local_port = static_cast<uint16_t>(port);
  }
  decoded.ssh_host_key_file = reader.string("ssh_host_key_file");
  decoded.ssh_authorized_key_file = reader.string("ssh_authorized_key_file");
  decoded.ansible_proxy_key_type = reader.string("ansible_proxy_key_type", "ECDSA");
  if (decoded.ansible_proxy_key_type != "RSA" && decoded.ansible_proxy_key_type != "ECDSA") {
    findings.errors.push_back(fmt::format("Invalid value for ansible_proxy_key_type: {}. Supported "
                                          "values are ECDSA or RSA.",
                                          decoded.ansible_proxy_key_type));
  }
  decoded.sftp_command = reader.string("sftp_command", "/usr/lib/sftp-server -e");
  decoded.skip_version_check = reader.boolean("skip_version_check");
  decoded.use_sftp = reader.boolean("use_sftp");
  decoded.inventory_directory = reader.string("inventory_directory");
  decoded.inventory_file_template = reader.string("inventory_file_template");
  decoded.inventory_file = reader.string("inventory_file");
  decoded.keep_inventory_file = reader.boolean("keep_inventory_file");
  decoded.galaxy_file = reader.string("galaxy_file");
  decoded.galaxy_command = reader.string("galaxy_command", "ansible-galaxy");
  decoded.galaxy_force_install = reader.boolean("galaxy_force_install");
  decoded.galaxy_force_with_deps = reader.boolean("galaxy_force_with_deps");
  decoded.roles_path = reader.string("roles_path");
  decoded.collections_path = reader.string("collections_path");
  decoded.use_proxy = reader.tribool("use_proxy").value_or(true);
  decoded.ansible_winrm_use_http = reader.boolean("ansible_winrm_use_http");

  if (decoded.playbook_file.empty()) {
    findings.errors.emplace_back("playbook_file must be specified");
  }
  for (const std::string& variable : decoded.ansible_env_vars) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) {
      findings.errors.push_back("ansible_env_vars: not in format 'key=value': " + variable);
    }
  }
  staging::require_file(context, "playbook_file", decoded.playbook_file, findings);
  staging::require_file(context, "galaxy_file", decoded.galaxy_file, findings);
  staging::require_file(context, "ssh_host_key_file", decoded.ssh_host_key_file, findings);
  staging::require_file(context, "ssh_authorized_key_file", decoded.ssh_authorized_key_file,
                        findings);
  staging::require_path(context, "inventory_file", decoded.inventory_file, findings);
  staging::require_directory(context, "inventory_directory", decoded.inventory_directory, findings);
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "ansible",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_ansible
