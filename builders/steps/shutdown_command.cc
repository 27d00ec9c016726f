#include "builders/steps/shutdown_command.h"

#include "builders/core/communicator.h"
#include "builders/steps/watched_cancel.h"

namespace farm::builders::steps {

Result<void> run_shutdown_command(BuildContext& context, const ShutdownOptions& options,
                                  int exit_fd) {
  if (!context.communicator) return invalid_input("shutdown_command needs a communicator");
  WatchedCancel watched(context.cancel, exit_fd, options.timeout);
  RemoteCommand command;
  command.command = options.command;
  command.on_stdout = [&](std::string_view bytes) { context.ui.message(bytes); };
  command.on_stderr = command.on_stdout;
  const Result<int> done = context.communicator->run(command, watched.token());
  if (done) return {};
  switch (watched.reason()) {
    case WatchedCancel::Reason::ProcessEnded: return {};
    case WatchedCancel::Reason::Parent: return cancelled("cancelled");
    case WatchedCancel::Reason::Deadline:
      return timed_out("Timeout while waiting for machine to shut down.");
    case WatchedCancel::Reason::None: break;
  }
  return done.error().within("Failed to send shutdown command");
}

}  // namespace farm::builders::steps
