#include "builders/platforms/qemu/step_shut_down.h"

#include "builders/platforms/qemu/step_start_machine.h"
#include "builders/steps/shutdown_command.h"
#include "common/io/fd.h"

namespace farm::builders::platform_qemu {

Result<void> ShutDown::run(BuildContext& context) {
  const steps::ShutdownOptions& shutdown = config_->shutdown;
  if (config_->communicator.type == CommunicatorType::None) {
    context.ui.say("Waiting for shutdown...");
    return await_end(context, shutdown.timeout);
  }
  if (shutdown.command.empty()) {
    context.ui.say("Halting the virtual machine...");
    vm_->machine->stop();
    return {};
  }
  context.ui.say("Gracefully halting virtual machine...");
  const Instant deadline = io::steady_now() + shutdown.timeout;
  TRY(steps::run_shutdown_command(context, shutdown, vm_->machine->exit_fd()));
  return await_end(context, deadline - io::steady_now());
}

Result<void> ShutDown::await_end(BuildContext& context, Duration patience) {
  const Result<io::ExitStatus> ended = vm_->machine->wait(patience, context.cancel);
  // A crash is no shutdown: the disk may be half written.
  if (ended && ended->signal != 0) return machine_ended(*vm_);
  if (ended) return {};
  if (ended.error().code != ErrorCode::Timeout) return ended.error();
  return timed_out("Timeout while waiting for machine to shut down.");
}

}  // namespace farm::builders::platform_qemu
