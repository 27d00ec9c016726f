#include "builders/provisioners/windows_shell/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::provisioner_windows_shell {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.script = decode_script_options(reader, context);
  require_one_kind_of_script(decoded.script, findings);
  if (decoded.script.env_var_format.empty()) decoded.script.env_var_format = "set \"%s=%s\" && ";
  decoded.binary = reader.boolean("binary");
  decoded.execute_command = reader.string("execute_command", "{{.Vars}}\"{{.Path}}\"");
  decoded.remote_path = reader.string("remote_path", "c:/Windows/Temp/script.bat");
  decoded.start_retry_timeout = reader.duration("start_retry_timeout", std::chrono::minutes(5));
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "windows-shell",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_windows_shell
