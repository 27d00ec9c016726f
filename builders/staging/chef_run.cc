#include "builders/staging/chef_run.h"

#include <fmt/format.h>

#include "common/io/files.h"

namespace farm::builders::staging {

using value::Value;

Result<ChefRun> ChefRun::of(BuildContext& context, const ChefOptions& options,
                            const std::string& program) {
  const GuestOs os = guest_os(options.guest_os_type, context);
  const std::string staging =
      or_default(options.staging_directory, os, ("/tmp/packer-" + program).c_str(),
                 ("C:/Windows/Temp/packer-" + program).c_str());
  const Guest guest = TRY(
      Guest::of(context, {.os = os, .sudo = !options.prevent_sudo, .open_folders = true}));
  return ChefRun(context, options, program, staging, guest);
}

Result<void> ChefRun::begin() const {
  if (!options_->skip_install) TRY(install());
  return guest_.make_directory(staging_);
}

Result<void> ChefRun::install() const {
  context_->ui.message("Installing Chef...");
  const std::string line = TRY(command(
      options_->install_command, chef_install_command(GuestOs::Unix),
      chef_install_command(GuestOs::Windows), {{"Version", Value::string(options_->version)}}));
  context_->ui.message(line);
  const int status = TRY(guest_.run(line));
  if (status == 0) return {};
  return invalid_input(fmt::format(
      "Error installing Chef: Install script exited with non-zero exit status {}", status));
}

Result<std::string> ChefRun::upload(const std::string& local, const std::string& name) const {
  if (local.empty()) return std::string();
  std::string path = staging_ + "/" + name;
  context_->ui.message("Uploading " + io::base_name(local) + "...");
  TRY(guest_.upload_file(local, path));
  return path;
}

Result<std::string> ChefRun::upload_configuration(const std::string& name,
                                                  const std::string& text) const {
  context_->ui.message("Creating configuration file '" + name + "'");
  std::string path = staging_ + "/" + name;
  TRY(guest_.upload_text(text, path));
  return path;
}

Result<void> ChefRun::execute(const Files& files, const ElevatedLogin& login) const {
  const std::string config = TRY(upload_configuration(files.config_name, files.configuration));
  context_->ui.message("Creating JSON attribute file");
  const std::string json = staging_ + "/" + files.json_name;
  const std::string attributes = TRY(chef_attributes(*options_));
  TRY(guest_.upload_text(attributes, json));
  const std::string tail = " --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
  const std::string line = TRY(command(
      options_->execute_command, "{{if .Sudo}}sudo {{end}}" + program_ + tail,
      "c:/opscode/chef/bin/" + program_ + ".bat" + tail,
      {{"ConfigPath", Value::string(config)}, {"JsonPath", Value::string(json)}}));
  context_->ui.message("Executing Chef: " + line);
  const int status = TRY(guest_.run_as(login, line));
  if (status == 0) return {};
  return invalid_input(fmt::format("Error executing Chef: Non-zero exit status: {}", status));
}

Result<std::string> ChefRun::command(const std::string& own, const std::string& unix_default,
                                     const std::string& windows_default,
                                     Value::Map fields) const {
  const std::string& given = guest_.windows() ? windows_default : unix_default;
  fields["Sudo"] = Value::boolean(!options_->prevent_sudo);
  return render_command(own.empty() ? given : own, *context_, fields);
}

}  // namespace farm::builders::staging
