#include "builders/post_processors/vsphere_template/config.h"

#include <fmt/format.h>

#include "builders/core/config_check.h"

namespace farm::builders::post_processor_vsphere_template {

Config decode(const value::Value& value, Findings& findings) {
  const ConfigReader reader(value, findings);
  Config config;
  config.connect.server = reader.string("host");
  config.connect.username = reader.string("username");
  config.connect.password = Secret(reader.string("password"));
  config.connect.insecure = reader.boolean("insecure");
  config.connect.datacenter = reader.string("datacenter");
  config.template_name = reader.string("template_name");
  config.folder = reader.string("folder");
  config.snapshot = reader.boolean("snapshot_enable");
  config.snapshot_name = reader.string("snapshot_name");
  config.snapshot_description = reader.string("snapshot_description");
  config.reregister = reader.tribool("reregister_vm").value_or(true);
  config.replace = reader.boolean("override");
  for (const char* name : {"host", "username", "password"}) {
    if (reader.string(name).empty()) findings.errors.push_back(fmt::format("{} must be set", name));
  }
  if (!config.folder.empty() && !config.folder.starts_with('/')) {
    findings.errors.push_back("folder must be bound to the root: it starts with a slash");
  }
  if (!config.reregister && (!config.folder.empty() || !config.template_name.empty())) {
    findings.warnings.push_back(
        "with reregister_vm = false the machine becomes a template where it is: folder and "
        "template_name move and rename it");
  }
  return config;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "vsphere-template",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_vsphere_template
