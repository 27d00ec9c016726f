#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/chef_client/config.h"
#include "builders/staging/guest.h"
#include "common/base/random.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_chef_client {
namespace {

using staging::Guest;
using staging::GuestOs;
using value::Value;

class ChefClient final : public Provisioner {
 public:
  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    const staging::ChefOptions& chef = config_.chef;
    os_ = staging::guest_os(chef.guest_os_type, context);
    staging_ = staging::or_default(chef.staging_directory, os_, "/tmp/packer-chef-client",
                                   "C:/Windows/Temp/packer-chef-client");
    node_ = config_.node_name.empty() ? "packer-" + uuid_v4(context.random) : config_.node_name;
    client_key_ = config_.client_key.empty() ? staging_ + "/client.pem" : config_.client_key;
    const Guest guest = TRY(Guest::of(
        context, {.os = os_, .sudo = !chef.prevent_sudo, .open_folders = true}));
    if (!chef.skip_install) TRY(install(context, guest));
    TRY(guest.make_directory(staging_));
    TRY(upload(context, guest));
    const Result<void> executed = execute(context, guest);
    // The server's records go although Chef failed: nobody could use them any more.
    const Result<void> cleaned = clean_server(context, guest);
    TRY(executed);
    TRY(cleaned);
    if (config_.skip_clean_staging_directory) return {};
    return guest.remove_directory(staging_);
  }

 private:
  Value sudo() const { return Value::boolean(!config_.chef.prevent_sudo); }

  Result<void> install(BuildContext& context, const Guest& guest) {
    context.ui.message("Installing Chef...");
    const std::string& own = config_.chef.install_command;
    const std::string command = TRY(staging::render_command(
        own.empty() ? staging::chef_install_command(os_) : own, context,
        {{"Sudo", sudo()}, {"Version", Value::string(config_.chef.version)}}));
    context.ui.message(command);
    const int status = TRY(guest.run(command));
    if (status == 0) return {};
    return invalid_input(fmt::format(
        "Error installing Chef: Install script exited with non-zero exit status {}", status));
  }

  Result<void> upload(BuildContext& context, const Guest& guest) {
    const auto file = [&](const std::string& local, const char* name,
                          std::string& path) -> Result<void> {
      path.clear();
      if (local.empty()) return {};
      path = staging_ + "/" + name;
      context.ui.message("Uploading " + io::base_name(local) + "...");
      return guest.upload_file(local, path);
    };
    TRY(file(config_.chef.encrypted_data_bag_secret_path, "encrypted_data_bag_secret", secret_));
    TRY(file(config_.validation_key_path, "validation.pem", validation_key_));
    context.ui.message("Creating configuration file 'client.rb'");
    const std::string text = TRY(configuration(context));
    TRY(guest.upload_text(text, staging_ + "/client.rb"));
    context.ui.message("Creating JSON attribute file");
    const std::string attributes = TRY(staging::chef_attributes(config_.chef));
    return guest.upload_text(attributes, staging_ + "/first-boot.json");
  }

  std::string common_settings() const {
    return fmt::format(
        "\nlog_level        :info\nlog_location     STDOUT\nchef_server_url  \"{}\"\n"
        "client_key       \"{}\"\n",
        config_.server_url, client_key_);
  }

  std::string tls_settings() const {
    const std::string mode = config_.ssl_verify_mode.empty()
                                 ? ""
                                 : "ssl_verify_mode :" + config_.ssl_verify_mode + "\n";
    return staging::chef_section(mode) +
           staging::chef_section(
               staging::chef_setting("trusted_certs_dir ", config_.trusted_certs_dir));
  }

  Result<std::string> configuration(BuildContext& context) {
    const staging::ChefOptions& chef = config_.chef;
    if (!chef.config_template.empty()) {
      const auto text = [](const std::string& value) { return Value::string(value); };
      return staging::render_file(
          chef.config_template, context,
          {{"ServerUrl", text(config_.server_url)},
           {"ClientKey", text(client_key_)},
           {"ChefLicense", text(chef.chef_license)},
           {"EncryptedDataBagSecretPath", text(secret_)},
           {"ValidationClientName", text(config_.validation_client_name)},
           {"ValidationKeyPath", text(validation_key_)},
           {"NodeName", text(node_)},
           {"ChefEnvironment", text(chef.chef_environment)},
           {"PolicyGroup", text(config_.policy_group)},
           {"PolicyName", text(config_.policy_name)},
           {"SslVerifyMode", text(config_.ssl_verify_mode)},
           {"TrustedCertsDir", text(config_.trusted_certs_dir)},
           {"RubygemsURL", text(config_.rubygems_url)}});
    }
    using staging::chef_section;
    using staging::chef_setting;
    const std::string& validator = config_.validation_client_name;
    std::string made =
        common_settings() + fmt::format("chef_license     \"{}\"\n", chef.chef_license) +
        chef_section(chef_setting("encrypted_data_bag_secret ", secret_)) +
        chef_section(chef_setting("validation_client_name ",
                                  validator.empty() ? "chef-validator" : validator)) +
        chef_section(chef_setting("validation_key ", validation_key_)) +
        fmt::format("node_name \"{}\"\n", node_) +
        chef_section(chef_setting("environment ", chef.chef_environment)) +
        chef_section(chef_setting("policy_group ", config_.policy_group)) +
        chef_section(chef_setting("policy_name ", config_.policy_name)) + tls_settings();
    if (!config_.rubygems_url.empty()) {
      made += chef_section(chef_setting("rubygems_url ", config_.rubygems_url));
    }
    return made;
  }

  Result<void> execute(BuildContext& context, const Guest& guest) {
    const std::string text = staging::or_default(
        config_.chef.execute_command, os_,
        "{{if .Sudo}}sudo {{end}}chef-client --no-color -c {{.ConfigPath}} -j {{.JsonPath}}",
        "c:/opscode/chef/bin/chef-client.bat --no-color -c {{.ConfigPath}} -j {{.JsonPath}}");
    const std::string command = TRY(staging::render_command(
        text, context, {{"Sudo", sudo()},
                        {"ConfigPath", Value::string(staging_ + "/client.rb")},
                        {"JsonPath", Value::string(staging_ + "/first-boot.json")}}));
    context.ui.message("Executing Chef: " + command);
    const int status = TRY(
        guest.run_as(config_.elevated_user, Secret(config_.elevated_password), command));
    if (status == 0) return {};
    return invalid_input(
        fmt::format("Error executing Chef: Non-zero exit status: {}", status));
  }

  Result<void> clean_server(BuildContext& context, const Guest& guest) {
    if (config_.skip_clean_node && config_.skip_clean_client) return {};
    context.ui.message("Creating configuration file 'knife.rb'");
    const std::string path = staging_ + "/knife.rb";
    TRY(guest.upload_text(
        common_settings() + fmt::format("node_name \"{}\"\n", node_) + tls_settings(), path));
    if (!config_.skip_clean_node) {
      context.ui.say("Cleaning up chef node...");
      TRY(knife(context, guest, "node delete " + node_, path));
    }
    if (config_.skip_clean_client) return {};
    context.ui.say("Cleaning up chef client...");
    return knife(context, guest, "client delete " + node_, path);
  }

  Result<void> knife(BuildContext& context, const Guest& guest, const std::string& arguments,
                     const std::string& config_path) {
    const std::string text = staging::or_default(
        config_.knife_command, os_, "{{if .Sudo}}sudo {{end}}knife {{.Args}} {{.Flags}}",
        "c:/opscode/chef/bin/knife.bat {{.Args}} {{.Flags}}");
    const std::string command = TRY(staging::render_command(
        text, context, {{"Sudo", sudo()},
                        {"Args", Value::string(arguments)},
                        {"Flags", Value::string("-y -c " + config_path)}}));
    return guest.run_checked("Error cleaning up chef: knife " + arguments, command);
  }

  Config config_;
  GuestOs os_ = GuestOs::Unix;
  std::string staging_;
  std::string node_;
  std::string client_key_;
  std::string secret_;
  std::string validation_key_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("chef-client", [] { return std::make_unique<ChefClient>(); });
}

}  // namespace farm::builders::provisioner_chef_client
