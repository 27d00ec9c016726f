#include "builders/core/remote_script.h"

#include <algorithm>

#include <fmt/format.h>

#include "builders/core/output_lines.h"
#include "builders/core/script.h"

namespace farm::builders {
namespace {
constexpr Duration kRetryPause = std::chrono::seconds(2);
}

Result<void> retry_for(BuildContext& context, Duration patience,
                       const std::function<Result<void>()>& attempt) {
  if (!context.communicator) return invalid_input("no communicator to run the script with");
  const Instant deadline = context.clock.now() + patience;
  while (true) {
    Result<void> done = attempt();
    if (done || context.cancel.cancelled()) return done;
    if (done.error().code == ErrorCode::InvalidInput) return done;
    if (context.clock.now() + kRetryPause >= deadline) return done;
    if (!context.cancel.sleep(kRetryPause)) return context.cancel.check();
  }
}

Result<int> run_to_ui(BuildContext& context, const std::string& command) {
  OutputLines out([&](std::string_view line) { context.ui.message(line); });
  OutputLines errors([&](std::string_view line) { context.ui.error(line); });
  RemoteCommand run;
  run.command = command;
  run.on_stdout = [&](std::string_view bytes) { out.feed(bytes); };
  run.on_stderr = [&](std::string_view bytes) { errors.feed(bytes); };
  const Result<int> status = context.communicator->run(run, context.cancel);
  out.finish();
  errors.finish();
  return status;
}

Result<void> check_script_status(int status, const std::vector<int64_t>& valid,
                                 bool disconnect_expected, const char* component) {
  if (status != kDisconnected) return check_exit_code(status, valid);
  if (disconnect_expected) return {};
  if (std::find(valid.begin(), valid.end(), kDisconnected) != valid.end()) return {};
  const bool shell = std::string_view(component) == "shell";
  return unavailable(fmt::format(
      "Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a "
      "restart, you can try adding {}`\"valid_exit_codes\": [0, 2300218]` to the {} provisioner "
      "parameters.",
      shell ? "`\"expect_disconnect\": true` or " : "", component));
}

}  // namespace farm::builders
