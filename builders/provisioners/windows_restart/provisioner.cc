#include <algorithm>

#include <fmt/format.h>

#include "builders/core/powershell.h"
#include "builders/core/registry.h"
#include "builders/core/remote_script.h"
#include "builders/provisioners/windows_restart/config.h"
#include "builders/steps/watched_cancel.h"

namespace farm::builders::provisioner_windows_restart {
namespace {

// Of shutdown.exe.
constexpr int kShutdownInProgress = 1115;   // ERROR_SHUTDOWN_IN_PROGRESS
constexpr int kAlreadyScheduled = 1190;     // ERROR_SHUTDOWN_IS_SCHEDULED
constexpr int kUnknownInterface = 1717;     // RPC_S_UNKNOWN_IF: the service is stopping

constexpr Duration kPoll = std::chrono::seconds(1);
constexpr const char* kTestRestart = "shutdown /r /f /t 60 /c \"packer restart test\"";
constexpr const char* kAbortRestart = "shutdown /a";

class WindowsRestartProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    if (!context.communicator) return invalid_input("no communicator to restart the machine with");
    context.ui.say("Restarting Machine");
    TRY(retry_for(context, config_.restart_timeout, [&] { return start(context); }));
    context.ui.say("Waiting for machine to restart...");
    steps::WatchedCancel limit(context.cancel, -1, config_.restart_timeout);
    const Result<void> waited = wait(context, limit.token());
    if (!waited) {
      if (limit.reason() == steps::WatchedCancel::Reason::Deadline) {
        return timed_out("Timeout waiting for machine to restart.");
      }
      return waited;
    }
    context.ui.say("Machine successfully restarted, moving on");
    return {};
  }

 private:
  struct Answer {
    int status = 0;
    std::string text;
  };

  Result<void> start(BuildContext& context) {
    const Result<int> status = run_to_ui(context, config_.restart_command);
    // A machine that is gone at once does as it was told.
    if (!status) return status.error();
    constexpr int kGood[] = {0, kShutdownInProgress, kAlreadyScheduled, kDisconnected};
    if (std::find(std::begin(kGood), std::end(kGood), *status) != std::end(kGood)) return {};
    return invalid_input(
        fmt::format("Restart script exited with non-zero exit status: {}", *status));
  }

  Result<void> wait(BuildContext& context, const CancelToken& cancel) {
    TRY(wait_until_down(context, cancel));
    if (!config_.restart_check_command.empty()) {
      TRY(poll(cancel, [&] {
        const Result<Answer> answer = ask(context, config_.restart_check_command, cancel);
        return answer && answer->status != kDisconnected;
      }));
    }
    const std::string check = powershell_command(
        "$ProgressPreference='SilentlyContinue';echo \"$env:COMPUTERNAME restarted.\"");
    TRY(poll(cancel, [&] {
      const Result<Answer> answer = ask(context, check, cancel);
      if (!answer || answer->text.find("restarted.") == std::string::npos) return false;
      context.ui.message(answer->text);
      return true;
    }));
    if (!config_.check_registry) return {};
    return poll(cancel, [&] { return registry_is_quiet(context, cancel); });
  }

  // A second restart is refused while the first is under way. Accepted: the machine is up again, or
  // the restart has not begun to count; the second is taken back.
  Result<void> wait_until_down(BuildContext& context, const CancelToken& cancel) {
    while (true) {
      TRY(cancel.check());
      const Result<Answer> answer = ask(context, kTestRestart, cancel);
      if (!answer || answer->status == 1 || answer->status == kDisconnected) return cancel.check();
      if (answer->status == 0) {
        (void)ask(context, kAbortRestart, cancel);
        return {};
      }
      const bool under_way = answer->status == kShutdownInProgress ||
                             answer->status == kAlreadyScheduled ||
                             answer->status == kUnknownInterface;
      if (!under_way) {
        return invalid_input(
            fmt::format("the test restart ended with exit code {}", answer->status));
      }
      if (!cancel.sleep(kPoll)) return cancel.check();
    }
  }

  bool registry_is_quiet(BuildContext& context, const CancelToken& cancel) {
    std::string script = "$ProgressPreference='SilentlyContinue';";
    for (const std::string& key : config_.registry_keys) {
      script += "Test-Path " + powershell_quote(key) + ";";
    }
    const Result<Answer> answer = ask(context, powershell_command(script), cancel);
    if (!answer || answer->status != 0) return false;
    if (answer->text.find("True") == std::string::npos) return true;
    context.ui.say("Restart pending; waiting for the registry keys to go...");
    return false;
  }

  static Result<Answer> ask(BuildContext& context, const std::string& command,
                            const CancelToken& cancel) {
    Answer answer;
    RemoteCommand remote;
    remote.command = command;
    remote.on_stdout = [&answer](std::string_view bytes) {
      answer.text.append(bytes.substr(0, 65536 - std::min<size_t>(answer.text.size(), 65536)));
    };
    answer.status = TRY(context.communicator->run(remote, cancel));
    while (answer.text.ends_with('\n') || answer.text.ends_with('\r')) answer.text.pop_back();
    return answer;
  }

  static Result<void> poll(const CancelToken& cancel, const std::function<bool()>& done) {
    while (!done()) {
      TRY(cancel.check());
      if (!cancel.sleep(kPoll)) return cancel.check();
    }
    return {};
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("windows-restart",
                           [] { return std::make_unique<WindowsRestartProvisioner>(); });
}

}  // namespace farm::builders::provisioner_windows_restart
