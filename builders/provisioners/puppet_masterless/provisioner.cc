#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/puppet_masterless/config.h"
#include "builders/staging/puppet.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_puppet_masterless {
namespace {

using staging::Guest;
using staging::GuestOs;
using value::Value;

// Where things are on the guest; empty: the template has none of them.
struct Remote {
  std::string hiera;
  std::string manifest_dir;
  std::string modules;  // a search path
  std::string manifest;
};

class PuppetMasterless final : public Provisioner {
 public:
  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    os_ = staging::guest_os(config_.guest_os_type, context);
    staging_ = staging::or_default(config_.staging_directory, os_,
                                   "/tmp/packer-puppet-masterless",
                                   "C:/Windows/Temp/packer-puppet-masterless");
    const Guest guest = TRY(Guest::of(
        context, {.os = os_, .sudo = !config_.prevent_sudo, .open_folders = true}));
    context.ui.say("Provisioning with Puppet...");
    context.ui.message("Creating Puppet staging directory...");
    TRY(guest.make_directory(staging_));
    const Remote remote = TRY(upload(context, guest));
    const std::string line = TRY(command(context, remote));
    TRY(staging::run_puppet(context, guest,
                            {.command = line,
                             .elevated_user = config_.elevated_user,
                             .elevated_password = Secret(config_.elevated_password),
                             .ignore_exit_codes = config_.ignore_exit_codes}));
    if (!config_.clean_staging_directory) return {};
    return guest.remove_directory(staging_);
  }

 private:
  Result<Remote> upload(BuildContext& context, const Guest& guest) {
    Remote remote;
    if (!config_.hiera_config_path.empty()) {
      context.ui.message("Uploading hiera configuration...");
      remote.hiera = staging_ + "/hiera.yaml";
      TRY(guest.upload_file(config_.hiera_config_path, remote.hiera));
    }
    const std::string manifests = staging_ + "/manifests";
    if (!config_.manifest_dir.empty()) {
      context.ui.message("Uploading manifest directory from: " + config_.manifest_dir);
      remote.manifest_dir = manifests;
      TRY(guest.upload_contents(config_.manifest_dir, manifests));
    }
    for (size_t i = 0; i < config_.module_paths.size(); ++i) {
      context.ui.message("Uploading local modules from: " + config_.module_paths[i]);
      const std::string folder = fmt::format("{}/module-{}", staging_, i);
      TRY(guest.upload_contents(config_.module_paths[i], folder));
      const char* separator = os_ == GuestOs::Windows ? ";" : ":";
      remote.modules += (i == 0 ? "" : separator) + folder;
    }
    context.ui.message("Uploading manifests...");
    const std::string local = builders::resolve_path(context, config_.manifest_file);
    if (io::is_directory(local)) {
      context.ui.message("Uploading manifest directory from: " + config_.manifest_file);
      remote.manifest = manifests;
      TRY(guest.upload_contents(local, manifests));
      return remote;
    }
    TRY(guest.make_directory(manifests));
    context.ui.message("Uploading manifest file from: " + config_.manifest_file);
    remote.manifest = manifests + "/" + io::base_name(local);
    TRY(guest.upload_file(local, remote.manifest));
    return remote;
  }

  Result<std::string> command(BuildContext& context, const Remote& remote) {
    value::Value::Map fields;
    const auto put = [&fields](const char* name, const std::string& text) {
      fields[name] = Value::string(text);
    };
    const std::string facts = staging::facter_variables(config_.facter, os_, context);
    put("WorkingDir", config_.working_directory.empty() ? staging_ : config_.working_directory);
    put("FacterVars", facts);
    put("PuppetBinDir", config_.puppet_bin_dir);
    put("ModulePath", remote.modules);
    put("HieraConfigPath", remote.hiera);
    put("ManifestDir", remote.manifest_dir);
    put("ManifestFile", remote.manifest);
    fields["Sudo"] = Value::boolean(!config_.prevent_sudo);
    fields["Debug"] = Value::boolean(context.debug);
    // The arguments may use the other fields themselves.
    const std::string arguments = TRY(staging::render_command(
        fmt::format("{}", fmt::join(config_.extra_arguments, " ")), context, fields));
    put("ExtraArguments", arguments);
    if (!config_.execute_command.empty()) {
      return staging::render_command(config_.execute_command, context, fields);
    }
    const bool windows = os_ == GuestOs::Windows;
    std::string line = "cd " + fields["WorkingDir"].as_string() + " && " + facts +
                       (windows ? " && " : " ");
    if (!windows && !config_.prevent_sudo) line += "sudo -E ";
    if (!config_.puppet_bin_dir.empty()) line += config_.puppet_bin_dir + "/";
    line += "puppet apply --detailed-exitcodes ";
    if (context.debug) line += "--debug ";
    line += staging::puppet_option("modulepath", remote.modules) +
            staging::puppet_option("hiera_config", remote.hiera) +
            staging::puppet_option("manifestdir", remote.manifest_dir);
    if (!arguments.empty()) line += arguments + " ";
    return line + remote.manifest;
  }

  Config config_;
  GuestOs os_ = GuestOs::Unix;
  std::string staging_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("puppet-masterless",
                           [] { return std::make_unique<PuppetMasterless>(); });
}

}  // namespace farm::builders::provisioner_puppet_masterless
