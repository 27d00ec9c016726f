// Options of the `windows-restart` provisioner. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::provisioner_windows_restart {

struct Config {
  std::string restart_command;
  std::string restart_check_command;  // empty: only the usual check
  Duration restart_timeout = std::chrono::minutes(5);
  bool check_registry = false;
  std::vector<std::string> registry_keys;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_windows_restart
