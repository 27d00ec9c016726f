#include "builders/provisioners/powershell/config.h"

#include <fmt/format.h>

#include "builders/core/config_check.h"
#include "builders/core/powershell.h"

namespace farm::builders::provisioner_powershell {
namespace {

constexpr const char* kVariables = "$env:%s=\"%s\"; ";
// Progress bars would fill standard error.
constexpr const char* kQuiet =
    "if (Test-Path variable:global:ProgressPreference)"
    "{$global:ProgressPreference='SilentlyContinue'};";

void check_modes(const ConfigReader& reader, const Config& decoded) {
  reader.require_one_of("execution_policy",
                        {"bypass", "allsigned", "default", "remotesigned", "restricted",
                         "undefined", "unrestricted", "none"});
  if (decoded.debug_mode < 0 || decoded.debug_mode > 2) {
    reader.findings().errors.push_back(
        fmt::format("debug_mode must be 0, 1 or 2, not {}", decoded.debug_mode));
  }
  if (decoded.elevated_user.empty() && !decoded.elevated_password.empty()) {
    reader.findings().errors.emplace_back(
        "Must supply an 'elevated_user' if 'elevated_password' provided");
  }
}

}  // namespace

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.script = decode_script_options(reader, context);
  require_one_kind_of_script(decoded.script, findings);
  if (decoded.script.env_var_format.empty()) decoded.script.env_var_format = kVariables;
  decoded.elevated_env_var_format = reader.string("elevated_env_var_format", kVariables);
  decoded.execute_command = reader.string("execute_command");
  decoded.elevated_execute_command = reader.string("elevated_execute_command");
  decoded.elevated_user = reader.string("elevated_user");
  decoded.elevated_password = reader.string("elevated_password");
  decoded.remote_path = reader.string("remote_path");
  decoded.remote_env_var_path = reader.string("remote_env_var_path");
  decoded.execution_policy = reader.string("execution_policy", "bypass");
  decoded.debug_mode = reader.integer("debug_mode");
  decoded.use_pwsh = reader.boolean("use_pwsh");
  decoded.skip_clean = reader.boolean("skip_clean");
  decoded.start_retry_timeout = reader.duration("start_retry_timeout", std::chrono::minutes(5));
  decoded.pause_after = reader.duration("pause_after");
  if (reader.boolean("binary") && !decoded.script.inline_lines.empty()) {
    // Scripts are uploaded byte for byte in any case.
    findings.errors.emplace_back("binary is for script files, not for inline");
  }
  check_modes(reader, decoded);
  return decoded;
}

std::string default_execute_command(const Config& config, bool inline_script) {
  const std::string program = config.use_pwsh ? "pwsh" : "powershell";
  const bool bare = config.execution_policy == "none";
  const std::string policy = bare ? "" : " -executionpolicy " + config.execution_policy;
  if (inline_script && !bare) return program + policy + " -file {{.Path}}";
  std::string block = std::string("& { ") + kQuiet;
  if (config.debug_mode != 0) block += fmt::format("Set-PsDebug -Trace {};", config.debug_mode);
  block += ". {{.Vars}}; &'{{.Path}}'; exit $LastExitCode }";
  // "none": the machine's login shell is PowerShell itself.
  if (bare) return block;
  return program + policy + (config.use_pwsh ? " -command \"" : " \"") + block + "\"";
}

std::string inline_text(const Config& config, const std::string& variables_path) {
  std::string text = std::string(kQuiet) + "\r\n";
  if (config.debug_mode != 0) text += fmt::format("Set-PsDebug -Trace {}\r\n", config.debug_mode);
  text += ". " + powershell_quote(variables_path) + "\r\ntry {\r\n";
  for (const std::string& line : config.script.inline_lines) text += line + "\r\n";
  text +=
      "} catch {\r\n  Write-Error -ErrorRecord $_ -ErrorAction Continue\r\n  exit 1\r\n}\r\n"
      "exit $LastExitCode\r\n";
  return text;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "powershell",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_powershell
