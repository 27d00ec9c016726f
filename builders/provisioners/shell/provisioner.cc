#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/core/remote_script.h"
#include "builders/provisioners/shell/config.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_shell {
namespace {

// One script on its way: where it is here and where it goes.
struct Script {
  std::string name;  // as said to the user
  std::string bytes;
  std::string remote;
};

std::string without_carriage_returns(std::string text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    text[out++] = text[i];
  }
  text.resize(out);
  return text;
}

class ShellProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    TRY(upload_variables(context));
    Result<void> outcome = run_all(context);
    if (!variables_remote_.empty() && !config_.skip_clean) {
      Result<void> removed = remove_remote(context, variables_remote_);
      if (outcome && !removed) outcome = std::move(removed);
    }
    TRY(std::move(outcome));
    if (config_.pause_after > Duration{0} && !context.cancel.sleep(config_.pause_after)) {
      return context.cancel.check();
    }
    return {};
  }

 private:
  Result<void> run_all(BuildContext& context) {
    for (const std::string& path : config_.script.scripts) {
      Script script;
      script.name = path;
      script.bytes = TRY(io::read_file(resolve_path(context, path)));
      TRY(run_script(context, std::move(script)));
    }
    if (config_.script.inline_lines.empty()) return {};
    Script script;
    script.name = context.temp_directory + "/packer-shell" +
                  std::to_string(context.random.below(900'000'000) + 100'000'000);
    script.bytes = inline_script(config_.script.inline_lines, config_.inline_shebang, "/bin/sh -e");
    return run_script(context, std::move(script));
  }

  std::string remote_name(BuildContext& context, const char* prefix) const {
    return fmt::format("{}/{}_{}.sh", config_.remote_folder, prefix, context.random.below(9999));
  }

  Result<void> upload_variables(BuildContext& context) {
    variables_text_ = format_environment(script_environment(config_.script, context),
                                         config_.script.env_var_format);
    variables_remote_.clear();
    if (!config_.use_env_var_file) return {};
    variables_remote_ = remote_name(context, "varfile");
    return retry(context, [&] {
      return context.communicator->upload_bytes(variables_text_, variables_remote_, 0600,
                                                context.cancel);
    });
  }

  Result<void> run_script(BuildContext& context, Script script) {
    context.ui.say("Provisioning with shell script: " + script.name);
    if (!config_.binary) script.bytes = without_carriage_returns(std::move(script.bytes));
    script.remote = config_.remote_path;
    if (script.remote.empty()) {
      script.remote = config_.remote_file.empty()
                          ? remote_name(context, "script")
                          : config_.remote_folder + "/" + config_.remote_file;
    }
    const std::string command = TRY(render_late(
        config_.execute_command, context,
        {{"Path", script.remote}, {"EnvVarFile", variables_remote_},
         {"Vars", config_.use_env_var_file ? std::string() : variables_text_}}));
    int status = 0;
    TRY(retry(context, [&] { return upload_and_start(context, script, command, status); }));
    TRY(check_script_status(status, config_.script.valid_exit_codes, config_.expect_disconnect,
                            "shell"));
    if (config_.skip_clean) return {};
    return remove_remote(context, script.remote);
  }

  // Upload, chmod and start together: when the connection goes in between, all three are repeated.
  Result<void> upload_and_start(BuildContext& context, const Script& script,
                                const std::string& command, int& status) {
    Communicator& communicator = *context.communicator;
    TRY(communicator.upload_bytes(script.bytes, script.remote, 0755, context.cancel));
    RemoteCommand chmod;
    chmod.command = "chmod 0755 " + script.remote;
    const int mode_set = TRY(communicator.run(chmod, context.cancel));
    if (mode_set == kDisconnected) return unavailable("connection lost during chmod");
    // Its status does not count, as with Packer: the upload has set the mode, and where commands
    // run as another user than uploads (docker's exec_user) chmod may not.
    status = TRY(run_to_ui(context, command));
    return {};
  }

  // After a reboot the guest may need a while: the same patience as for the start.
  Result<void> remove_remote(BuildContext& context, const std::string& path) {
    return retry(context, [&]() -> Result<void> {
      RemoteCommand remove;
      remove.command = "rm -f " + path;
      const int status = TRY(context.communicator->run(remove, context.cancel));
      if (status == kDisconnected) return unavailable("connection lost while removing " + path);
      if (status != 0) {
        return internal(fmt::format("Error removing temporary script at {}: exit status {}", path,
                                    status));
      }
      return {};
    });
  }

  Result<void> retry(BuildContext& context, const std::function<Result<void>()>& attempt) const {
    return retry_for(context, config_.start_retry_timeout, attempt);
  }

  Config config_;
  std::string variables_text_;
  std::string variables_remote_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("shell", [] { return std::make_unique<ShellProvisioner>(); });
}

}  // namespace farm::builders::provisioner_shell
