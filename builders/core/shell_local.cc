#include "builders/core/shell_local.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/core/output_lines.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders {
namespace {

constexpr const char* kSystems[] = {"darwin", "freebsd", "linux", "openbsd", "solaris", "windows"};
constexpr const char* kHere = "linux";

// Made only for commands that ask for it.
std::string path_for_variables(const ShellLocalOptions& options, BuildContext& context) {
  const bool asked = std::any_of(
      options.execute_command.begin(), options.execute_command.end(),
      [](const std::string& part) { return part.find(".EnvVarFile") != std::string::npos; });
  return asked ? context.temp_directory + "/varfile_" + context.random.word(8) + ".sh" : "";
}

Result<void> run_one(const ShellLocalOptions& options, BuildContext& context,
                     const std::string& path, const std::string& shown) {
  context.ui.say("Running local shell script: " + shown);
  const std::map<std::string, std::string> values = script_environment(options.script, context);
  const std::string variables =
      options.variables_in_environment
          ? std::string()
          : format_environment(values, options.script.env_var_format);
  const std::string file = path_for_variables(options, context);
  const ScopeGuard remove([&] {
    if (!file.empty()) (void)io::remove_file(file);
  });
  if (!file.empty()) {
    const std::string exports =
        format_environment(script_environment(options.script, context), "export %s='%s'\n");
    TRY(io::write_file(file, exports, 0600));
  }
  io::RunOptions run;
  for (const std::string& part : options.execute_command) {
    run.spawn.argv.push_back(TRY(render_late(part, context,
                                             {{"Vars", variables},
                                              {"Script", path},
                                              {"Command", path},
                                              {"EnvVarFile", file}})));
  }
  run.spawn.environment = context.environment.all();
  if (options.variables_in_environment) {
    for (const auto& [name, value] : values) (*run.spawn.environment)[name] = value;
  }
  run.spawn.directory = context.working_directory;
  run.spawn.own_process_group = true;
  OutputLines out([&](std::string_view line) { context.ui.message(line); });
  OutputLines errors([&](std::string_view line) { context.ui.error(line); });
  run.on_stdout = [&](std::string_view bytes) { out.feed(bytes); };
  run.on_stderr = [&](std::string_view bytes) { errors.feed(bytes); };
  const io::Finished finished = TRY(io::run_program(run, context.cancel));
  out.finish();
  errors.finish();
  return check_exit_code(finished.status.code, options.script.valid_exit_codes);
}

}  // namespace

ShellLocalOptions decode_shell_local(const value::Value& config, const PrepareContext& context,
                                     bool post_processor, Findings& findings) {
  const ConfigReader reader(config, findings);
  ShellLocalOptions options;
  options.script = decode_script_options(reader, context);
  const std::string command = reader.string("command");
  const int kinds = (command.empty() ? 0 : 1) + (options.script.inline_lines.empty() ? 0 : 1) +
                    (options.script.scripts.empty() ? 0 : 1);
  if (kinds == 0) {
    findings.errors.emplace_back(
        "Either a script file, an inline script or a command must be specified.");
  } else if (kinds > 1) {
    findings.errors.emplace_back(
        "Only one of command, inline, script or scripts can be specified.");
  }
  if (!command.empty()) options.script.inline_lines = {command};
  options.execute_command = reader.strings("execute_command");
  options.variables_in_environment =
      options.execute_command.empty() && options.script.env_var_format.empty();
  if (options.execute_command.empty()) {
    options.execute_command = {"/bin/sh", "-c", "{{.Vars}} {{.Script}}"};
  } else if (post_processor && options.execute_command.size() == 1) {
    options.execute_command.insert(options.execute_command.begin(), {"/bin/sh", "-c"});
  }
  if (options.script.env_var_format.empty()) options.script.env_var_format = "%s='%s' ";
  options.inline_shebang = reader.string("inline_shebang");
  options.tempfile_extension = reader.string("tempfile_extension");
  if (!options.tempfile_extension.empty() && options.tempfile_extension[0] != '.') {
    options.tempfile_extension.insert(0, ".");
  }
  if (reader.boolean("use_linux_pathing")) {
    findings.errors.emplace_back("use_linux_pathing is only valid on Windows");
  }
  options.only_on = reader.strings("only_on");
  for (const std::string& system : options.only_on) {
    if (std::find(std::begin(kSystems), std::end(kSystems), system) == std::end(kSystems)) {
      findings.errors.push_back(
          fmt::format("Invalid OS specified in only_on: '{}'\nSupported OS names: {}", system,
                      fmt::join(kSystems, ", ")));
    }
  }
  return options;
}

Result<void> run_shell_local(const ShellLocalOptions& options, BuildContext& context) {
  if (!options.only_on.empty() &&
      std::find(options.only_on.begin(), options.only_on.end(), kHere) == options.only_on.end()) {
    context.ui.say("Skipping shell-local due to runtime OS");
    return {};
  }
  for (const std::string& script : options.script.scripts) {
    TRY(run_one(options, context, resolve_path(context, script), script));
  }
  if (options.script.inline_lines.empty()) return {};
  const std::string path = fmt::format("{}/packer-shell{}{}", context.temp_directory,
                                       context.random.below(900'000'000) + 100'000'000,
                                       options.tempfile_extension);
  const ScopeGuard remove([&] { (void)io::remove_file(path); });
  TRY(io::write_file(
      path, inline_script(options.script.inline_lines, options.inline_shebang, "/bin/sh -e"), 0700));
  return run_one(options, context, path, path);
}

}  // namespace farm::builders
