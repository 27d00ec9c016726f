#include "builders/post_processors/docker_import/config.h"

#include "builders/communicators/docker/docker_options.h"
#include "builders/core/config_check.h"

namespace farm::builders::post_processor_docker_import {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.docker_path = docker::read_docker_path(reader);
  decoded.repository = reader.string("repository");
  decoded.tag = reader.string("tag");
  decoded.changes = reader.strings("changes");
  decoded.platform = reader.string("platform");
  if (decoded.repository.empty() && !decoded.tag.empty()) {
    findings.errors.emplace_back("a tag needs a repository");
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "docker-import",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_docker_import
