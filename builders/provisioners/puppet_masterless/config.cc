#include "builders/provisioners/puppet_masterless/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_puppet_masterless {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.manifest_file = reader.string("manifest_file");
  if (decoded.manifest_file.empty()) {
    findings.errors.emplace_back("A manifest_file must be specified.");
  }
  decoded.puppet = staging::decode_puppet(reader, "staging_directory");
  decoded.hiera_config_path = reader.string("hiera_config_path");
  decoded.module_paths = reader.strings("module_paths");
  decoded.manifest_dir = reader.string("manifest_dir");
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
