#include "builders/provisioners/puppet_server/config.h"

#include "builders/core/config_check.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_puppet_server {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.puppet = staging::decode_puppet(reader, "staging_dir");
  decoded.client_cert_path = reader.string("client_cert_path");
  decoded.client_private_key_path = reader.string("client_private_key_path");
  decoded.puppet_node = reader.string("puppet_node");
  decoded.puppet_server = reader.string("puppet_server");
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
