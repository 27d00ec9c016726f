// What every script-running component shares (shell, shell-local, later powershell): the choice
// between inline and files, variables of the environment, exit codes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders {

struct ScriptOptions {
  std::vector<std::string> inline_lines;
  std::vector<std::string> scripts;  // `script` and `scripts`
  std::vector<std::string> environment_vars;
  std::map<std::string, std::string> env;
  std::vector<int64_t> valid_exit_codes{0};
  std::string env_var_format;  // empty: the component's default
};

/// Decodes and checks the shared options; scripts must exist (relative to the working directory).
ScriptOptions decode_script_options(const ConfigReader& config, const PrepareContext& context);

/// PACKER_BUILD_NAME, PACKER_BUILDER_TYPE, PACKER_HTTP_* when known, environment_vars, env (wins).
std::map<std::string, std::string> script_environment(const ScriptOptions& options,
                                                      const BuildContext& context);

/// Error unless there is exactly one of inline lines and script files.
void require_one_kind_of_script(const ScriptOptions& options, Findings& findings);

/// Variables as text, sorted by name: each through `format` (two %s: name, value), single quotes
/// in values written as '"'"'.
std::string format_environment(const std::map<std::string, std::string>& variables,
                               const std::string& format);
/// The same with the quoting of another shell for values.
std::string format_environment(const std::map<std::string, std::string>& variables,
                               const std::string& format,
                               const std::function<std::string(std::string_view)>& quoted);

/// Error unless `status` is valid: "Script exited with non-zero exit status: N. Allowed exit codes
/// are: [..]".
Result<void> check_exit_code(int status, const std::vector<int64_t>& valid);

/// One script file: `lines` with the shebang in front, unless the first line brings its own and
/// `shebang` is empty (then `default_shebang` is not added).
std::string inline_script(const std::vector<std::string>& lines, const std::string& shebang,
                          const std::string& default_shebang);

/// Renders a late option (execute_command, output...) with the component's data fields and the
/// build's generated values.
Result<std::string> render_late(const std::string& text, const BuildContext& context,
                                const std::map<std::string, std::string>& data);

/// Path as prepare() sees it: relative ones against the working directory, ~ expanded.
std::string resolve_path(const PrepareContext& context, const std::string& path);

}  // namespace farm::builders
