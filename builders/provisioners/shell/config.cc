#include "builders/provisioners/shell/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::provisioner_shell {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.script = decode_script_options(reader, context);
  require_one_kind_of_script(decoded.script, findings);
  decoded.binary = reader.boolean("binary");
  decoded.use_env_var_file = reader.boolean("use_env_var_file");
  decoded.execute_command = reader.string("execute_command");
  if (decoded.execute_command.empty()) {
    decoded.execute_command = decoded.use_env_var_file
                                  ? "chmod +x {{.Path}}; . {{.EnvVarFile}} && {{.Path}}"
                                  : "chmod +x {{.Path}}; {{.Vars}} {{.Path}}";
  }
  if (decoded.script.env_var_format.empty()) {
    decoded.script.env_var_format = decoded.use_env_var_file ? "export %s='%s'\n" : "%s='%s' ";
  }
  decoded.inline_shebang = reader.string("inline_shebang");
  decoded.remote_folder = reader.string("remote_folder", "/tmp");
  decoded.remote_file = reader.string("remote_file");
  decoded.remote_path = reader.string("remote_path");
  decoded.skip_clean = reader.boolean("skip_clean");
  decoded.expect_disconnect = reader.boolean("expect_disconnect");
  decoded.start_retry_timeout = reader.duration("start_retry_timeout", std::chrono::minutes(5));
  decoded.pause_after = reader.duration("pause_after");
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "shell",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_shell
