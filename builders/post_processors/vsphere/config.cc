#include "builders/post_processors/vsphere/config.h"

#include <fmt/format.h>

#include "builders/core/config_check.h"

namespace farm::builders::post_processor_vsphere {
Config decode(const value::Value& value, Findings& findings) {
  const ConfigReader reader(value, findings);
  Config config;
  config.cluster = reader.string("cluster");
  config.datacenter = reader.string("datacenter");
  config.datastore = reader.string("datastore");
  const std::string store_cluster = reader.string("datastore_cluster");
  if (const std::string mode = reader.string("disk_mode"); !mode.empty()) config.disk_mode = mode;
  config.host = reader.string("host");
  config.esxi_host = reader.string("esxi_host");
  config.insecure = reader.boolean("insecure");
  config.options = reader.strings("options");
  config.overwrite = reader.boolean("overwrite");
  config.password = Secret(reader.string("password"));
  config.resource_pool = reader.string("resource_pool");
  config.username = reader.string("username");
  config.vm_folder = reader.string("vm_folder");
  config.vm_name = reader.string("vm_name");
  config.vm_network = reader.string("vm_network");
  config.hardware_version = reader.string("hardware_version");
  config.max_retries = reader.integer("max_retries", config.max_retries);
  for (const char* name : {"cluster", "datacenter", "host", "password", "username", "vm_name"}) {
    if (reader.string(name).empty()) findings.errors.push_back(fmt::format("{} must be set", name));
  }
  if (config.datastore.empty() && store_cluster.empty()) {
    findings.errors.push_back("one of datastore, datastore_cluster must be set");
  }
  if (!config.datastore.empty() && !store_cluster.empty()) {
    findings.errors.push_back("datastore and datastore_cluster cannot be used together");
  }
  if (config.max_retries < 1) findings.errors.push_back("max_retries must be at least 1");
  if (config.datastore.empty()) config.datastore = store_cluster;
  return config;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "vsphere",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_vsphere
