#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/puppet_server/config.h"
#include "builders/staging/puppet.h"

namespace farm::builders::provisioner_puppet_server {
namespace {

using staging::Guest;
using staging::GuestOs;
using value::Value;

class PuppetServer final : public Provisioner {
 public:
  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    os_ = staging::guest_os(config_.guest_os_type, context);
    staging_ = staging::or_default(config_.staging_dir, os_, "/tmp/packer-puppet-server",
                                   "C:/Windows/Temp/packer-puppet-server");
    const Guest guest = TRY(Guest::of(
        context, {.os = os_, .sudo = !config_.prevent_sudo, .open_folders = true}));
    context.ui.say("Provisioning with Puppet...");
    context.ui.message("Creating Puppet staging directory...");
    TRY(guest.make_directory(staging_));
    std::string certificates;
    std::string keys;
    if (!config_.client_cert_path.empty()) {
      context.ui.message("Uploading client cert from: " + config_.client_cert_path);
      certificates = staging_ + "/certs";
      TRY(guest.upload_contents(config_.client_cert_path, certificates));
    }
    if (!config_.client_private_key_path.empty()) {
      context.ui.message("Uploading client private keys from: " + config_.client_private_key_path);
      keys = staging_ + "/private_keys";
      TRY(guest.upload_contents(config_.client_private_key_path, keys));
    }
    const std::string line = TRY(command(context, certificates, keys));
    TRY(staging::run_puppet(context, guest,
                            {.command = line,
                             .elevated_user = config_.elevated_user,
                             .elevated_password = Secret(config_.elevated_password),
                             .ignore_exit_codes = config_.ignore_exit_codes}));
    if (!config_.clean_staging_directory) return {};
    return guest.remove_directory(staging_);
  }

 private:
  Result<std::string> command(BuildContext& context, const std::string& certificates,
                              const std::string& keys) {
    value::Value::Map fields;
    const auto put = [&fields](const char* name, const std::string& text) {
      fields[name] = Value::string(text);
    };
    const std::string facts = staging::facter_variables(config_.facter, os_, context);
    put("WorkingDir", config_.working_directory.empty() ? staging_ : config_.working_directory);
    put("FacterVars", facts);
    put("PuppetBinDir", config_.puppet_bin_dir);
    put("PuppetServer", config_.puppet_server);
    put("PuppetNode", config_.puppet_node);
    put("ClientCertPath", certificates);
    put("ClientPrivateKeyPath", keys);
    fields["Sudo"] = Value::boolean(!config_.prevent_sudo);
    fields["Debug"] = Value::boolean(context.debug);
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
    line += "puppet agent --onetime --no-daemonize --detailed-exitcodes ";
    if (context.debug) line += "--debug ";
    line += staging::puppet_option("server", config_.puppet_server) +
            staging::puppet_option("certname", config_.puppet_node) +
            staging::puppet_option("certdir", certificates) +
            staging::puppet_option("privatekeydir", keys);
    return arguments.empty() ? line : line + arguments + " ";
  }

  Config config_;
  GuestOs os_ = GuestOs::Unix;
  std::string staging_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("puppet-server", [] { return std::make_unique<PuppetServer>(); });
}

}  // namespace farm::builders::provisioner_puppet_server
