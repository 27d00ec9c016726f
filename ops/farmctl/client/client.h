// The verbs of farmctl that talk to a coordinator. Each takes its words after the verb and returns
// an exit code: 0 done, 1 a build failed, 2 wrong use, 3 template invalid, 4 coordinator not
// reachable, 5 not allowed, 6 cancelled, 7 a wait ran out, 130 interrupted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/environment.h"
#include "ops/farmctl/client/connection.h"
#include "ops/farmctl/common/flags.h"
#include "ops/farmctl/common/output.h"

namespace farm::farmctl {

enum ExitCode : int {
  kDone = 0,
  kBuildFailed = 1,
  kWrongUse = 2,
  kTemplateInvalid = 3,
  kUnreachable = 4,
  kNotAllowed = 5,
  kCancelled = 6,
  kWaitRanOut = 7,
  kInterrupted = 130,
};

/// What every verb works with.
struct Client {
  const Environment& environment;
  const Clock& clock;
  Output& output;
  std::string working_directory;
  std::vector<std::string> words;  // after the verb

  /// Prints "error: ..." on stderr; the exit code that fits.
  int fail(const Error& error) const;
  /// Opens the connection that --coordinator (in `flags`), the environment or the config names.
  Result<std::unique_ptr<Connection>> connect(const ParsedFlags& flags) const;
};

/// Flags that all of these verbs take: --coordinator, --output.
std::vector<Flag> client_flags(std::vector<Flag> own);
/// "table" (default) or "json"; InvalidInput for anything else.
Result<bool> wants_json(const ParsedFlags& flags);

int run_submit(Client& client);
int run_status(Client& client);
int run_logs(Client& client);
int run_cancel(Client& client);
int run_artifacts(Client& client);
int run_audit(Client& client);
int run_backup(Client& client);
int run_leaks(Client& client);
int run_manifest(Client& client);
int run_agents(Client& client);
int run_keys(Client& client);
int run_token(Client& client);
int run_login(Client& client);
int run_why(Client& client);

}  // namespace farm::farmctl
