// A command of Windows run by a scheduled task: with the highest privileges of a user, in a session
// of its own, which remote logins do not have (and Windows Update, for one, refuses).
#pragma once

#include <string>

#include "builders/core/build_context.h"
#include "common/base/secret.h"

namespace farm::builders {

struct ElevatedCommand {
  std::string command;   // a line of cmd
  std::string user;
  Secret password;       // empty: `user` is a service account (SYSTEM, NETWORK SERVICE)
};

struct StagedCommand {
  std::string command;  // run this instead
  std::string script;   // the file in the machine that holds it; has the password: remove it
};

/// Uploads the script that registers the task, runs it, passes its output on as it comes, removes
/// task and output, and ends with the task's exit code.
Result<StagedCommand> stage_elevated(BuildContext& context, const ElevatedCommand& elevated);

}  // namespace farm::builders
