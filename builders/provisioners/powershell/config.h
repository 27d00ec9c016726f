// Options of the `powershell` provisioner (build-lifecycle of the contract, section "powershell").
// Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/script.h"
#include "common/base/clock.h"

namespace farm::builders::provisioner_powershell {

struct Config {
  ScriptOptions script;
  std::string execute_command;  // empty: inline and files have different defaults
  std::string elevated_execute_command;
  std::string elevated_env_var_format;
  std::string elevated_user;
  std::string elevated_password;  // may hold {{ }} of late values
  std::string remote_path;        // empty: a new name
  std::string remote_env_var_path;
  std::string execution_policy;
  int64_t debug_mode = 0;
  bool use_pwsh = false;
  bool skip_clean = false;
  Duration start_retry_timeout = std::chrono::minutes(5);
  Duration pause_after{0};
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

/// The command line for a script file or for inline text (which is a file, too).
std::string default_execute_command(const Config& config, bool inline_text);

/// Inline text as a script: the variables' file first, an exception ends it with 1, the last
/// program's exit code is the script's.
std::string inline_text(const Config& config, const std::string& variables_path);

}  // namespace farm::builders::provisioner_powershell
