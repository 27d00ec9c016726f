#include "builders/staging/puppet_run.h"

#include <fmt/format.h>

#include "builders/core/script.h"

namespace farm::builders::staging {

using value::Value;

Result<PuppetRun> PuppetRun::begin(BuildContext& context, const PuppetOptions& options,
                                   const std::string& name) {
  const GuestOs os = guest_os(options.guest_os_type, context);
  const std::string staging = or_default(options.staging_directory, os, ("/tmp/" + name).c_str(),
                                         ("C:/Windows/Temp/" + name).c_str());
  const Guest guest = TRY(
      Guest::of(context, {.os = os, .sudo = !options.prevent_sudo, .open_folders = true}));
  context.ui.say("Provisioning with Puppet...");
  context.ui.message("Creating Puppet staging directory...");
  TRY(guest.make_directory(staging));
  return PuppetRun(context, options, staging, guest);
}

// Facts for Facter as the beginning of a command line, sorted by name; the template's win.
std::string PuppetRun::facter_variables() const {
  std::map<std::string, std::string> all = {
      {"packer_build_name", context_->render.build_name},
      {"packer_builder_type", context_->render.build_type}};
  if (context_->http_port != 0) {
    all["packer_http_addr"] = fmt::format("{}:{}", context_->http_ip, context_->http_port);
  }
  for (const auto& [name, value] : options_->facter) all[name] = value;
  if (!guest_.windows()) {
    std::string text = format_environment(all, "FACTER_%s='%s' ");
    text.pop_back();
    return text;
  }
  std::string text;
  for (const auto& [name, value] : all) {
    if (!text.empty()) text += " & ";
    text += fmt::format("SET \"FACTER_{}={}\"", name, value);
  }
  return text;
}

Result<std::string> PuppetRun::line(const PuppetCommand& command) const {
  Value::Map fields = command.fields;
  const std::string facts = facter_variables();
  const std::string& folder =
      options_->working_directory.empty() ? staging_ : options_->working_directory;
  fields["WorkingDir"] = Value::string(folder);
  fields["FacterVars"] = Value::string(facts);
  fields["PuppetBinDir"] = Value::string(options_->puppet_bin_dir);
  fields["Sudo"] = Value::boolean(!options_->prevent_sudo);
  fields["Debug"] = Value::boolean(context_->debug);
  // The arguments may use the other fields themselves.
  const std::string arguments = TRY(render_command(
      fmt::format("{}", fmt::join(options_->extra_arguments, " ")), *context_, fields));
  fields["ExtraArguments"] = Value::string(arguments);
  if (!options_->execute_command.empty()) {
    return render_command(options_->execute_command, *context_, fields);
  }
  std::string text = "cd " + folder + " && " + facts + (guest_.windows() ? " && " : " ");
  if (!guest_.windows() && !options_->prevent_sudo) text += "sudo -E ";
  if (!options_->puppet_bin_dir.empty()) text += options_->puppet_bin_dir + "/";
  text += "puppet " + command.verb + " --detailed-exitcodes ";
  if (context_->debug) text += "--debug ";
  text += command.options;
  if (!arguments.empty()) text += arguments + " ";
  return text + command.manifest;
}

Result<void> PuppetRun::finish(const PuppetCommand& command) {
  const std::string text = TRY(line(command));
  context_->ui.message("Running Puppet: " + text);
  const int status = TRY(guest_.run_as(options_->elevated, text));
  if (!options_->ignore_exit_codes && status != 0 && status != 2) {
    return invalid_input(fmt::format("Puppet exited with a non-zero exit status: {}", status));
  }
  if (!options_->clean_staging_directory) return {};
  return guest_.remove_directory(staging_);
}

std::string puppet_option(const std::string& name, const std::string& value) {
  return value.empty() ? "" : fmt::format("--{}='{}' ", name, value);
}

}  // namespace farm::builders::staging
