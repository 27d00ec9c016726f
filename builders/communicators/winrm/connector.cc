#include "builders/communicators/winrm/connector.h"

#include <algorithm>

#include "builders/communicators/winrm/winrm_communicator.h"
#include "builders/core/config.h"
#include "builders/core/powershell.h"
#include "common/base/log.h"
#include "common/io/fd.h"

namespace farm::builders::winrm {
namespace {

constexpr std::string_view kReadyText = "WinRM connected.";
// A machine in the middle of its installation accepts connections and then says nothing.
constexpr auto kOneTry = std::chrono::seconds(30);

class WinRmConnecting {
 public:
  WinRmConnecting(const WinRmOptions& options, const WinRmTarget& target,
                  const CancelToken& cancel, Ui& ui)
      : options_(options), target_(target), cancel_(cancel), ui_(ui) {}

  Result<std::unique_ptr<Communicator>> connect() {
    const Instant deadline = io::steady_now() + options_.timeout;
    while (true) {
      auto communicator = try_once();
      if (communicator) return communicator;
      if (cancel_.cancelled()) return cancelled("cancelled while waiting for WinRM");
      tell(communicator.error());
      const Duration left = deadline - io::steady_now();
      if (left <= target_.poll) break;
      if (!cancel_.sleep(target_.poll)) return cancelled("cancelled while waiting for WinRM");
    }
    if (!told_.empty()) ui_.error("WinRM did not become available: " + told_);
    return timed_out("Timeout waiting for WinRM.");
  }

 private:
  Result<std::unique_ptr<Communicator>> try_once() {
    auto client = std::make_unique<WsmanClient>(options_, target_.host, target_.port);
    client->set_operation_timeout(std::min<Duration>(kOneTry, options_.timeout));
    WsmanClient& asked = *client;
    auto communicator =
        std::make_unique<WinRmCommunicator>(std::move(client), target_.temp_directory);
    std::string answer;
    RemoteCommand command;
    command.command = powershell_command(
        "$ProgressPreference='SilentlyContinue';echo \"WinRM connected.\"");
    command.on_stdout = [&answer](std::string_view bytes) {
      answer.append(bytes.substr(0, 4096 - std::min<size_t>(answer.size(), 4096)));
    };
    const int status = TRY(communicator->run(command, cancel_));
    if (answer.find(kReadyText) == std::string::npos) {
      return unavailable("the machine does not run PowerShell yet (exit code " +
                         std::to_string(status) + ")");
    }
    asked.set_operation_timeout(std::min<Duration>(std::chrono::seconds(60), options_.timeout));
    return std::unique_ptr<Communicator>(std::move(communicator));
  }

  // What only a person can mend is shown when it first appears; the rest is for the log.
  void tell(const Error& error) {
    log::debug("winrm is not available yet", {{"error", error.message}});
    if (error.code == ErrorCode::Denied && told_ != error.message) {
      ui_.message(error.message + ". Trying on...");
    }
    told_ = error.message;
  }

  const WinRmOptions& options_;
  const WinRmTarget& target_;
  const CancelToken& cancel_;
  Ui& ui_;
  std::string told_;
};

}  // namespace

Result<std::unique_ptr<Communicator>> connect_winrm(const WinRmOptions& options,
                                                    const WinRmTarget& target,
                                                    const CancelToken& cancel, Ui& ui) {
  ui.say("Using WinRM communicator to connect: " + target.host);
  ui.say("Waiting for WinRM to become available...");
  WinRmConnecting connecting(options, target, cancel, ui);
  std::unique_ptr<Communicator> communicator = TRY(connecting.connect());
  if (target.pause_before_connecting > Duration{0}) {
    communicator.reset();
    ui.say("Pausing " + format_go_duration(target.pause_before_connecting) +
           " before connecting...");
    if (!cancel.sleep(target.pause_before_connecting)) {
      return cancelled("cancelled while pausing before connecting");
    }
    communicator = TRY(connecting.connect());
  }
  ui.message(kReadyText);
  ui.say("Connected to WinRM!");
  return communicator;
}

}  // namespace farm::builders::winrm
