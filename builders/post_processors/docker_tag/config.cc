#include "builders/post_processors/docker_tag/config.h"

#include "builders/communicators/docker/docker_options.h"
#include "builders/core/config_check.h"

namespace farm::builders::post_processor_docker_tag {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.docker_path = docker::read_docker_path(reader);
  decoded.repository = reader.string("repository");
  decoded.tags = reader.strings("tags");
  const std::vector<std::string> old_tags = reader.strings("tag");
  if (!old_tags.empty()) {
    findings.warnings.emplace_back(
        "Deprecation warning: \"tag\" option has been replaced with \"tags\". In future versions "
        "this configuration may not work.");
    decoded.tags.insert(decoded.tags.end(), old_tags.begin(), old_tags.end());
  }
  decoded.force = reader.boolean("force");
  if (decoded.repository.empty()) findings.errors.emplace_back("repository must be specified");
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "docker-tag",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_docker_tag
