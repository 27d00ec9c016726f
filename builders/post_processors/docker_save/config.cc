#include "builders/post_processors/docker_save/config.h"

#include "builders/communicators/docker/docker_options.h"
#include "builders/core/config_check.h"

namespace farm::builders::post_processor_docker_save {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.docker_path = docker::read_docker_path(reader);
  decoded.path = reader.string("path");
  if (decoded.path.empty()) findings.errors.emplace_back("path must be specified");
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "docker-save",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_docker_save
