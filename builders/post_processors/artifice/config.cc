#include "builders/post_processors/artifice/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::post_processor_artifice {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.files = reader.strings("files");
  if (decoded.files.empty()) {
    findings.errors.emplace_back("No files specified in artifice configuration");
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "artifice",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_artifice
