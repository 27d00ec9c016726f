#include "builders/provisioners/windows_restart/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::provisioner_windows_restart {
namespace {
constexpr const char* kServicing =
    "HKLM:SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\";
}

Config decode(const value::Value& config, const PrepareContext&, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.restart_command =
      reader.string("restart_command", "shutdown /r /f /t 0 /c \"packer restart\"");
  decoded.restart_check_command = reader.string("restart_check_command");
  decoded.restart_timeout = reader.duration("restart_timeout", std::chrono::minutes(5));
  if (decoded.restart_timeout <= Duration{0}) decoded.restart_timeout = std::chrono::minutes(5);
  decoded.check_registry = reader.boolean("check_registry");
  decoded.registry_keys = reader.strings("registry_keys");
  if (decoded.registry_keys.empty()) {
    for (const char* key : {"RebootPending", "PackagesPending", "RebootInProgress"}) {
      decoded.registry_keys.push_back(std::string(kServicing) + key);
    }
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "windows-restart",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_windows_restart
