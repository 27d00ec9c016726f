#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/core/remote_script.h"
#include "builders/provisioners/windows_shell/config.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_windows_shell {
namespace {

// cmd loses labels and lines of batch files whose lines end otherwise.
std::string with_windows_line_ends(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

class WindowsShellProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    for (const std::string& path : config_.script.scripts) {
      const std::string bytes = TRY(io::read_file(resolve_path(context, path)));
      TRY(run_script(context, path, config_.binary ? bytes : with_windows_line_ends(bytes)));
    }
    if (config_.script.inline_lines.empty()) return {};
    std::string text;
    for (const std::string& line : config_.script.inline_lines) text += line + "\n";
    const std::string shown = fmt::format("{}/windows-shell-provisioner{}", context.temp_directory,
                                          context.random.below(900'000'000) + 100'000'000);
    return run_script(context, shown, with_windows_line_ends(text));
  }

 private:
  Result<void> run_script(BuildContext& context, const std::string& shown,
                          const std::string& bytes) {
    context.ui.say("Provisioning with shell script: " + shown);
    const std::string variables =
        format_environment(script_environment(config_.script, context),
                           config_.script.env_var_format,
                           [](std::string_view value) { return std::string(value); });
    const std::string command =
        TRY(render_late(config_.execute_command, context,
                        {{"Path", config_.remote_path}, {"Vars", variables}}));
    int status = 0;
    TRY(retry_for(context, config_.start_retry_timeout,
                  [&] { return upload_and_start(context, bytes, command, status); }));
    return check_script_status(status, config_.script.valid_exit_codes, false, "windows-shell");
  }

  // Together: when the connection goes in between, both are repeated.
  Result<void> upload_and_start(BuildContext& context, const std::string& bytes,
                                const std::string& command, int& status) const {
    TRY(context.communicator->upload_bytes(bytes, config_.remote_path, 0755, context.cancel));
    status = TRY(run_to_ui(context, command));
    return {};
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("windows-shell",
                           [] { return std::make_unique<WindowsShellProvisioner>(); });
}

}  // namespace farm::builders::provisioner_windows_shell
