// Running scripts on the machine that runs the build: the shell-local provisioner and
// post-processor are both this.
#pragma once

#include <string>
#include <vector>

#include "builders/core/script.h"

namespace farm::builders {

struct ShellLocalOptions {
  ScriptOptions script;  // `command` is one inline line
  std::vector<std::string> execute_command;
  std::string inline_shebang;
  std::string tempfile_extension;
  std::vector<std::string> only_on;
  /// The template asked for no command line of its own: variables go by the environment, where they
  /// mean the same and other users' `ps` does not show them.
  bool variables_in_environment = false;
};

/// `post_processor`: a one-element execute_command is prefixed with sh -c.
ShellLocalOptions decode_shell_local(const value::Value& config, const PrepareContext& context,
                                     bool post_processor, Findings& findings);

/// Runs the scripts in order; output to the Ui.
Result<void> run_shell_local(const ShellLocalOptions& options, BuildContext& context);

}  // namespace farm::builders
