#include "builders/platforms/file/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::platform_file {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.target = reader.string("target");
  decoded.source = reader.string("source");
  decoded.content = reader.string("content");
  if (decoded.target.empty()) {
    findings.errors.emplace_back("target is required");
  }
  if (!decoded.content.empty() && !decoded.source.empty()) {
    findings.errors.emplace_back("Cannot specify source file AND content");
  }
  if (decoded.content.empty() && decoded.source.empty()) {
    findings.warnings.emplace_back("Both source file and contents are blank; target will have no content");
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Builder, "file",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::platform_file
