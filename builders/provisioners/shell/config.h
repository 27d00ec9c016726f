// Options of the `shell` provisioner (build-lifecycle.md of the contract: common script options and
// section "shell"). Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/script.h"
#include "common/base/clock.h"

namespace farm::builders::provisioner_shell {

struct Config {
  ScriptOptions script;
  bool binary = false;
  std::string execute_command;
  std::string inline_shebang;  // empty: /bin/sh -e unless the first line brings one
  std::string remote_folder = "/tmp";
  std::string remote_file;  // empty: script_NNN.sh, new for each script
  std::string remote_path;  // whole path; empty: folder and file
  bool skip_clean = false;
  bool expect_disconnect = false;
  bool use_env_var_file = false;
  Duration start_retry_timeout = std::chrono::minutes(5);
  Duration pause_after{0};
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_shell
