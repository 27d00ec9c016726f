#include "builders/platforms/qemu/step_type_boot_command.h"

#include <fmt/format.h>

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

}  // namespace

Result<void> TypeBootCommand::run(BuildContext& context) {
  if (config_->boot.disable_vnc) return {};
  steps::WatchedCancel watched(context.cancel, vm_->machine->exit_fd(), std::nullopt);
  const Result<void> done = wait_and_type(context, watched.token());
  if (done) return {};
  if (watched.reason() == steps::WatchedCancel::Reason::ProcessEnded) return machine_ended(*vm_);
  return done.error();
}

Result<void> TypeBootCommand::wait_and_type(BuildContext& context, const CancelToken& cancel) {
  TRY(steps::wait_for_boot(context, config_->boot, cancel));
  if (config_->boot.pieces.empty()) return {};
  context.ui.say("Connecting to VM via VNC (" + config_->vnc.bind_address +
                 fmt::format(":{})", vm_->vnc_port));
  Result<steps::RfbClient> client = steps::RfbClient::connect(
      reachable(config_->vnc.bind_address), vm_->vnc_port, vm_->vnc_password,
      io::steady_now() + kConnectLimit, cancel);
  if (!client) return client.error().within("Error connecting to VNC");
  const std::map<std::string, std::string> data = {
      {"HTTPIP", context.http_ip},
      {"HTTPPort", fmt::format("{}", context.http_port)},
      {"Name", config_->vm_name},
      {"SSHPublicKey", context.ssh_public_key}};
  context.ui.say("Typing the boot commands over VNC...");
  steps::VncKeyDriver driver(*client, config_->boot.key_interval);
  return steps::type_boot_command(context, config_->boot, data, driver, cancel);
}

}  // namespace farm::builders::platform_qemu
