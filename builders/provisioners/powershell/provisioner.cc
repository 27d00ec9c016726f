#include <fmt/format.h>

#include "builders/core/elevated_command.h"
#include "builders/core/powershell.h"
#include "builders/core/registry.h"
#include "builders/core/remote_script.h"
#include "builders/provisioners/powershell/config.h"
#include "builders/steps/watched_cancel.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_powershell {
namespace {

// For taking a password back from a machine that may be gone.
constexpr Duration kSecretTime = std::chrono::seconds(20);

class PowerShellProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    context.ui.say("Provisioning with Powershell...");
    remote_ = config_.remote_path.empty()
                  ? "c:/Windows/Temp/script-" + uuid_v4(context.random) + ".ps1"
                  : config_.remote_path;
    variables_remote_ =
        config_.remote_env_var_path.empty()
            ? "c:/Windows/Temp/packer-ps-env-vars-" + uuid_v4(context.random) + ".ps1"
            : config_.remote_env_var_path;
    for (const std::string& path : config_.script.scripts) {
      const std::string bytes = TRY(io::read_file(resolve_path(context, path)));
      TRY(run_script(context, path, bytes, false));
    }
    if (!config_.script.inline_lines.empty()) {
      const std::string shown = fmt::format("{}/powershell-provisioner{}", context.temp_directory,
                                            context.random.below(900'000'000) + 100'000'000);
      TRY(run_script(context, shown, inline_text(config_, variables_remote_), true));
    }
    if (config_.pause_after > Duration{0} && !context.cancel.sleep(config_.pause_after)) {
      return context.cancel.check();
    }
    return {};
  }

 private:
  bool elevated() const { return !config_.elevated_user.empty(); }

  Result<void> run_script(BuildContext& context, const std::string& shown,
                          const std::string& bytes, bool inline_script) {
    context.ui.say("Provisioning with powershell script: " + shown);
    const std::string& given =
        elevated() ? config_.elevated_execute_command : config_.execute_command;
    const std::string command = TRY(render_late(
        given.empty() ? default_execute_command(config_, inline_script) : given, context,
        {{"Path", remote_}, {"Vars", variables_remote_}}));
    int status = 0;
    std::vector<std::string> files = {remote_, variables_remote_};
    const Result<void> started = retry_for(context, config_.start_retry_timeout, [&]() {
      return upload_and_start(context, bytes, command, files, status);
    });
    const Result<void> done =
        started ? check_script_status(status, config_.script.valid_exit_codes, false, "powershell")
                : started;
    if (!done || config_.skip_clean) remove_secrets(context, {files.begin() + 2, files.end()});
    TRY(done);
    return clean(context, files);
  }

  // Wrappers of elevated commands have a password in them: they go also when the script failed, the
  // build was cancelled, or the other files shall stay.
  void remove_secrets(BuildContext& context, const std::vector<std::string>& wrappers) {
    if (wrappers.empty()) return;
    const CancelToken never;
    const steps::WatchedCancel limit(never, -1, kSecretTime);
    RemoteCommand remote;
    remote.command = removal(wrappers);
    const Result<int> removed = context.communicator->run(remote, limit.token());
    if (!removed || *removed != 0) {
      context.ui.error("The password of elevated_user may be left in " + wrappers.back());
    }
  }

  // Uploads and the start together: when the connection goes in between, all are repeated.
  Result<void> upload_and_start(BuildContext& context, const std::string& bytes,
                                std::string command, std::vector<std::string>& files,
                                int& status) {
    const std::string variables =
        format_environment(script_environment(config_.script, context),
                           elevated() ? config_.elevated_env_var_format
                                      : config_.script.env_var_format,
                           powershell_escape);
    Communicator& communicator = *context.communicator;
    TRY(communicator.upload_bytes(variables, variables_remote_, 0600, context.cancel));
    TRY(communicator.upload_bytes(bytes, remote_, 0755, context.cancel));
    if (elevated()) {
      ElevatedCommand task;
      task.command = std::move(command);
      task.user = TRY(render_late(config_.elevated_user, context, {}));
      task.password = Secret(TRY(render_late(config_.elevated_password, context, {})));
      StagedCommand staged = TRY(stage_elevated(context, task));
      command = std::move(staged.command);
      files.push_back(std::move(staged.script));
    }
    status = TRY(run_to_ui(context, command));
    return {};
  }

  Result<void> clean(BuildContext& context, const std::vector<std::string>& files) {
    if (config_.skip_clean) return {};
    return remove(context, files);
  }

  static std::string removal(const std::vector<std::string>& files) {
    std::string script = "$ProgressPreference='SilentlyContinue';";
    for (const std::string& path : files) {
      script += fmt::format("if (Test-Path {0}) {{ Remove-Item -Force {0} }};",
                            powershell_quote(path));
    }
    return powershell_command(script);
  }

  Result<void> remove(BuildContext& context, const std::vector<std::string>& files) {
    const std::string command = removal(files);
    return retry_for(context, config_.start_retry_timeout, [&]() -> Result<void> {
      RemoteCommand remote;
      remote.command = command;
      const int status = TRY(context.communicator->run(remote, context.cancel));
      if (status == kDisconnected) return unavailable("connection lost while removing " + remote_);
      if (status != 0) {
        return internal(fmt::format("Error removing temporary script at {}: exit status {}",
                                    remote_, status));
      }
      return {};
    });
  }

  Config config_;
  std::string remote_;
  std::string variables_remote_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("powershell", [] { return std::make_unique<PowerShellProvisioner>(); });
}

}  // namespace farm::builders::provisioner_powershell
