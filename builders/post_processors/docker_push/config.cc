#include "builders/post_processors/docker_push/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::post_processor_docker_push {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.docker_path = docker::read_docker_path(reader);
  decoded.login = docker::read_login_options(reader);
  decoded.platform = reader.string("platform");
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "docker-push",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_docker_push
