#include "builders/staging/guest.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "builders/core/elevated_command.h"
#include "builders/core/output_lines.h"
#include "builders/core/powershell.h"
#include "common/io/files.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::staging {

Result<Guest> Guest::of(BuildContext& context, const GuestOptions& options) {
  if (!context.communicator) {
    return invalid_input("this provisioner needs a communicator to reach the machine");
  }
  return Guest(context, options);
}

std::string Guest::privileged(const std::string& command) const {
  return options_.sudo && !windows() ? "sudo " + command : command;
}

std::string Guest::quote(std::string_view text) const {
  if (windows()) return fmt::format("\"{}\"", text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += R"('"'"')";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

Result<void> Guest::make_directory(const std::string& path) const {
  context_->ui.message("Creating directory: " + path);
  const std::string doing = "Unable to create directory " + path;
  if (windows()) {
    return run_checked(doing, powershell_command(fmt::format(
                                  "New-Item -ItemType Directory -Force -Path {} | Out-Null",
                                  powershell_quote(path))));
  }
  TRY(run_checked(doing, privileged("mkdir -p " + quote(path))));
  if (!options_.open_folders) return {};
  return run_checked("Unable to change the mode of directory " + path,
                     privileged("chmod 0777 " + quote(path)));
}

Result<void> Guest::remove_directory(const std::string& path) const {
  context_->ui.message("Removing directory: " + path);
  const std::string doing = "Unable to remove directory " + path;
  if (windows()) {
    return run_checked(
        doing, powershell_command(fmt::format("if (Test-Path -LiteralPath {0}) {{ Remove-Item "
                                              "-LiteralPath {0} -Recurse -Force }}",
                                              powershell_quote(path))));
  }
  return run_checked(doing, privileged("rm -rf " + quote(path)));
}

Result<void> Guest::upload_file(const std::string& local, const std::string& remote) const {
  const std::string path = resolve_path(*context_, local);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return not_found(local + " is missing");
  const std::string name = io::base_name(path);
  const ProgressSink progress = [this, &name](uint64_t done, uint64_t total) {
    context_->ui.progress(name, done, total);
  };
  const Result<void> sent = context_->communicator->upload(path, remote, status.st_mode & 0777,
                                                           progress, context_->cancel);
  if (!sent) return sent.error().within("upload of " + local);
  return {};
}

Result<void> Guest::upload_text(std::string_view text, const std::string& remote,
                                uint32_t mode) const {
  const Result<void> sent =
      context_->communicator->upload_bytes(text, remote, mode, context_->cancel);
  if (!sent) return sent.error().within("upload of " + remote);
  return {};
}

Result<void> Guest::upload_contents(const std::string& local, const std::string& remote) const {
  TRY(make_directory(remote));
  std::string source = resolve_path(*context_, local);
  if (!source.ends_with('/')) source += '/';
  const Result<void> sent =
      context_->communicator->upload_directory(source, remote, {}, context_->cancel);
  if (!sent) return sent.error().within("upload of " + local);
  return {};
}

Result<int> Guest::run(const std::string& command) const {
  OutputLines out([this](std::string_view line) { context_->ui.message(line); });
  OutputLines errors([this](std::string_view line) { context_->ui.error(line); });
  RemoteCommand remote;
  remote.command = command;
  remote.on_stdout = [&](std::string_view bytes) { out.feed(bytes); };
  remote.on_stderr = [&](std::string_view bytes) { errors.feed(bytes); };
  const Result<int> status = context_->communicator->run(remote, context_->cancel);
  out.finish();
  errors.finish();
  if (status && *status == kDisconnected) {
    return unavailable("the connection to the machine was lost while this ran: " + command);
  }
  return status;
}

Result<int> Guest::run_as(const ElevatedLogin& login, const std::string& command) const {
  if (login.user.empty()) return run(command);
  if (!windows()) return invalid_input("elevated_user can only be used with a Windows guest");
  ElevatedCommand elevated{.command = command, .user = {}, .password = {}};
  elevated.user = TRY(render_command(login.user, *context_, {}));
  elevated.password = Secret(TRY(render_command(login.password, *context_, {})));
  const StagedCommand staged = TRY(stage_elevated(*context_, elevated));
  Result<int> status = run(staged.command);
  // The script has the password in it: it goes whatever happened.
  const Result<int> removed =
      run(powershell_command("Remove-Item -Force " + powershell_quote(staged.script)));
  TRY(status);
  TRY(removed);
  return status;
}

Result<void> Guest::run_checked(const std::string& doing, const std::string& command) const {
  const Result<int> status = run(command);
  if (!status) return status.error().within(doing);
  if (*status != 0) return invalid_input(fmt::format("{}: Bad exit status: {}", doing, *status));
  return {};
}

Result<std::string> render_command(const std::string& text, BuildContext& context,
                                   const value::Value::Map& fields) {
  interpolate::Context engine{.inputs = context.render, .random = context.random, .data = {}};
  for (const auto& [name, value] : context.generated) engine.data[name] = value;
  for (const auto& [name, value] : fields) engine.data[name] = value;
  engine.generated = &context.generated;
  return interpolate::render(text, engine);
}

Result<std::string> render_file(const std::string& path, BuildContext& context,
                                const value::Value::Map& fields) {
  const std::string text = TRY(io::read_file(resolve_path(context, path), 4U << 20));
  const Result<std::string> rendered = render_command(text, context, fields);
  if (!rendered) return rendered.error().within(path);
  return rendered;
}

}  // namespace farm::builders::staging
