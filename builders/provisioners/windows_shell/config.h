// Options of the `windows-shell` provisioner: batch files run by cmd. Pure: links into farmctl for
// validation.
#pragma once

#include <string>

#include "builders/core/script.h"
#include "common/base/clock.h"

namespace farm::builders::provisioner_windows_shell {

struct Config {
  ScriptOptions script;
  bool binary = false;
  std::string execute_command;
  std::string remote_path;
  Duration start_retry_timeout = std::chrono::minutes(5);
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_windows_shell
