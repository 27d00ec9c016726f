#include "builders/provisioners/sleep/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::provisioner_sleep {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.duration = reader.duration("duration");
  if (decoded.duration < Duration{0}) findings.errors.emplace_back("duration must not be negative");
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "sleep",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_sleep
