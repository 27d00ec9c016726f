// PluginProcess: one run of an external program: JSON lines each way, under limits. Whatever the
// program does (silence, floods, nonsense, a crash) ends in an error of its own build.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "builders/core/ui.h"
#include "builders/external/catalog/plugin_folder.h"
#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders::external {

/// What farm speaks; a program that is told another number refuses.
inline constexpr int kPluginProtocol = 1;

struct PluginRun {
  const Plugin& plugin;
  const Environment& environment;
  std::string directory;  // its working directory
  /// First line to the program.
  const nlohmann::json& start;
  /// Answers the program's calls; an error goes to the program as text.
  std::function<Result<nlohmann::json>(const std::string& method, const nlohmann::json& parameters)>
      answer;
  Ui* ui = nullptr;  // null: what it says goes to our log
};

/// Runs the program until it says "done" (the line is returned) or "failed" (an error with its
/// text). When `cancel` fires it is told, and killed when it has not ended ten seconds later.
Result<nlohmann::json> run_plugin(const PluginRun& run, const CancelToken& cancel);

}  // namespace farm::builders::external
