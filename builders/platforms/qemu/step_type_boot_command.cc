#include "builders/platforms/qemu/step_type_boot_command.h"

#include <fmt/format.h>

#include "builders/platforms/qemu/qmp_keys.h"
#include "builders/platforms/qemu/step_start_machine.h"
#include "builders/steps/rfb.h"
#include "builders/steps/type_boot_command.h"
#include "builders/steps/watched_cancel.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kConnectLimit = std::chrono::seconds(30);

// Addresses that qemu listens on but nobody can connect to.
std::string reachable(const std::string& bind_address) {
  if (bind_address == "0.0.0.0") return "127.0.0.1";
  if (bind_address == "::") return "::1";
  return bind_address;
}

// A group is what is typed up to a wait or the end. Packer's VNC typing has no pause there, so only
// one that the template asks for counts.
Duration group_pause(const steps::BootOptions& boot) {
  return boot.keygroup_interval_given ? boot.keygroup_interval : Duration{0};
}

// Looks at the screen after each wait of the command.
class WatchingDriver final : public steps::KeyDriver {
 public:
  WatchingDriver(steps::KeyDriver& keys, BuildContext& context, Vm& vm, Duration group)
      : keys_(keys), context_(context), vm_(vm), group_(group) {}
  Result<void> send(const steps::BootEvent& event, const CancelToken& cancel) override {
    return keys_.send(event, cancel);
  }
  Result<void> flush(const CancelToken& cancel) override {
    TRY(keys_.flush(cancel));
    return cancel.sleep(group_) ? Result<void>() : cancelled("cancelled");
  }
  void waited() override {
    vm_.camera.capture(context_, *vm_.monitor, fmt::format("screen after wait {}", ++waits_));
  }

 private:
  steps::KeyDriver& keys_;
  BuildContext& context_;
  Vm& vm_;
  Duration group_;
  int waits_ = 0;
};

}  // namespace

Result<void> TypeBootCommand::run(BuildContext& context) {
  if (config_->boot.disable_vnc) return {};
  steps::WatchedCancel watched(context.cancel, vm_->machine->exit_fd(), std::nullopt);
  const Result<void> done = wait_and_type(context, watched.token());
  if (done) return {};
  // A broken connection may be noticed a moment before the end of the process.
  const bool gone = watched.reason() == steps::WatchedCancel::Reason::ProcessEnded ||
                    done.error().code == ErrorCode::Unavailable;
  const auto status = gone ? vm_->machine->wait(std::chrono::seconds(1), context.cancel)
                           : Result<io::ExitStatus>(done.error());
  if (!status) return done.error();
  // A machine that nobody logs into is done when it switches itself off.
  const bool alone = config_->communicator.type == CommunicatorType::None;
  if (alone && status->success()) return {};
  return machine_ended(*vm_);
  return done.error();
}

Result<void> TypeBootCommand::wait_and_type(BuildContext& context, const CancelToken& cancel) {
  TRY(steps::wait_for_boot(context, config_->boot, cancel));
  if (config_->boot.wait.count() > 0) {
    vm_->camera.capture(context, *vm_->monitor, "screen after boot_wait");
  }
  if (config_->boot.pieces.empty()) return {};
  const std::map<std::string, std::string> data = {
      {"HTTPIP", context.http_ip},
      {"HTTPPort", fmt::format("{}", context.http_port)},
      {"Name", config_->vm_name},
      {"SSHPublicKey", context.ssh_public_key}};
  const bool vnc = TRY(needs_vnc(context, data));
  const Result<void> typed =
      vnc ? type_over_vnc(context, data, cancel) : type_over_monitor(context, data, cancel);
  if (typed) vm_->camera.capture(context, *vm_->monitor, "screen after the boot command");
  return typed;
}

Result<bool> TypeBootCommand::needs_vnc(BuildContext& context,
                                        const std::map<std::string, std::string>& data) const {
  for (const auto& entry : config_->qemuargs) {
    if (entry[0] == "-k") return true;
  }
  for (const steps::BootOptions::Piece& piece : config_->boot.pieces) {
    const Result<std::string> keys = steps::render_late(context, piece.keys, data);
    if (!keys) return keys.error().within("Error preparing boot command");
    const Result<steps::BootCommand> command = steps::parse_boot_command(*keys);
    if (!command) return command.error().within("Error generating boot command");
    if (!can_type(*command)) return true;
  }
  return false;
}

Result<void> TypeBootCommand::type_over_vnc(BuildContext& context,
                                            const std::map<std::string, std::string>& data,
                                            const CancelToken& cancel) {
  context.ui.say("Connecting to VM via VNC (" + config_->vnc.bind_address +
                 fmt::format(":{})", vm_->vnc_port));
  Result<steps::RfbClient> client = steps::RfbClient::connect(
      reachable(config_->vnc.bind_address), vm_->vnc_port, vm_->vnc_password,
      io::steady_now() + kConnectLimit, cancel);
  if (!client) return client.error().within("Error connecting to VNC");
  context.ui.say("Typing the boot commands over VNC...");
  steps::VncKeyDriver keys(*client, config_->boot.key_interval);
  WatchingDriver watching(keys, context, *vm_, group_pause(config_->boot));
  return steps::type_boot_command(context, config_->boot, data, watching, cancel);
}

Result<void> TypeBootCommand::type_over_monitor(BuildContext& context,
                                                const std::map<std::string, std::string>& data,
                                                const CancelToken& cancel) {
  context.ui.say("Typing the boot commands...");
  QmpKeyDriver keys(*vm_->monitor, *vm_->machine, {config_->boot.key_interval});
  WatchingDriver watching(keys, context, *vm_, group_pause(config_->boot));
  return steps::type_boot_command(context, config_->boot, data, watching, cancel);
}

}  // namespace farm::builders::platform_qemu
