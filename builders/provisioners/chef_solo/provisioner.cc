#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/chef_solo/config.h"
#include "builders/staging/guest.h"

namespace farm::builders::provisioner_chef_solo {
namespace {

using staging::Guest;
using staging::GuestOs;
using value::Value;

// Where things are on the guest; empty: the template has none of them.
struct Remote {
  std::vector<std::string> cookbooks;
  std::string roles;
  std::string data_bags;
  std::string secret;
  std::string environments;
};

class ChefSolo final : public Provisioner {
 public:
  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    const staging::ChefOptions& chef = config_.chef;
    os_ = staging::guest_os(chef.guest_os_type, context);
    staging_ = staging::or_default(chef.staging_directory, os_, "/tmp/packer-chef-solo",
                                   "C:/Windows/Temp/packer-chef-solo");
    const Guest guest = TRY(Guest::of(
        context, {.os = os_, .sudo = !chef.prevent_sudo, .open_folders = true}));
    context.ui.say("Provisioning with chef-solo");
    if (!chef.skip_install) TRY(install(context, guest));
    TRY(guest.make_directory(staging_));
    const Remote remote = TRY(upload(context, guest));
    context.ui.message("Creating configuration file 'solo.rb'");
    const std::string config_path = staging_ + "/solo.rb";
    const std::string config_text = TRY(configuration(context, remote));
    TRY(guest.upload_text(config_text, config_path));
    context.ui.message("Creating JSON attribute file");
    const std::string json_path = staging_ + "/node.json";
    const std::string attributes = TRY(staging::chef_attributes(chef));
    TRY(guest.upload_text(attributes, json_path));
    return execute(context, guest, config_path, json_path);
  }

 private:
  Value sudo() const { return Value::boolean(!config_.chef.prevent_sudo); }

  Result<void> install(BuildContext& context, const Guest& guest) {
    context.ui.message("Installing Chef...");
    const std::string& own = config_.chef.install_command;
    const std::string command = TRY(staging::render_command(
        own.empty() ? staging::chef_install_command(os_) : own, context,
        {{"Sudo", sudo()}, {"Version", Value::string(config_.chef.version)}}));
    const int status = TRY(guest.run(command));
    if (status == 0) return {};
    return invalid_input(fmt::format(
        "Error installing Chef: Install script exited with non-zero exit status {}", status));
  }

  Result<Remote> upload(BuildContext& context, const Guest& guest) {
    Remote remote;
    remote.cookbooks = config_.remote_cookbook_paths;
    for (size_t i = 0; i < config_.cookbook_paths.size(); ++i) {
      remote.cookbooks.push_back(fmt::format("{}/cookbooks-{}", staging_, i));
      TRY(guest.upload_contents(config_.cookbook_paths[i], remote.cookbooks.back()));
    }
    const auto folder = [&](const std::string& local, const char* name,
                            std::string& path) -> Result<void> {
      if (local.empty()) return {};
      path = staging_ + "/" + name;
      return guest.upload_contents(local, path);
    };
    TRY(folder(config_.roles_path, "roles", remote.roles));
    TRY(folder(config_.data_bags_path, "data_bags", remote.data_bags));
    if (!config_.chef.encrypted_data_bag_secret_path.empty()) {
      remote.secret = staging_ + "/encrypted_data_bag_secret";
      context.ui.message("Uploading " + config_.chef.encrypted_data_bag_secret_path + "...");
      TRY(guest.upload_file(config_.chef.encrypted_data_bag_secret_path, remote.secret));
    }
    TRY(folder(config_.environments_path, "environments", remote.environments));
    return remote;
  }

  Result<std::string> configuration(BuildContext& context, const Remote& remote) {
    const staging::ChefOptions& chef = config_.chef;
    std::string cookbooks;
    for (const std::string& path : remote.cookbooks) {
      cookbooks += (cookbooks.empty() ? "\"" : ",\"") + path + "\"";
    }
    if (!chef.config_template.empty()) {
      const auto text = [](const std::string& path) { return Value::string(path); };
      const auto has = [](const std::string& path) { return Value::boolean(!path.empty()); };
      return staging::render_file(chef.config_template, context,
                                  {{"CookbookPaths", text(cookbooks)},
                                   {"DataBagsPath", text(remote.data_bags)},
                                   {"EncryptedDataBagSecretPath", text(remote.secret)},
                                   {"RolesPath", text(remote.roles)},
                                   {"EnvironmentsPath", text(remote.environments)},
                                   {"ChefEnvironment", text(chef.chef_environment)},
                                   {"ChefLicense", text(chef.chef_license)},
                                   {"HasDataBagsPath", has(remote.data_bags)},
                                   {"HasEncryptedDataBagSecretPath", has(remote.secret)},
                                   {"HasRolesPath", has(remote.roles)},
                                   {"HasEnvironmentsPath", has(remote.environments)}});
    }
    std::string environment;
    if (!remote.environments.empty()) {
      environment = fmt::format("environment_path \"{}\"\nenvironment \"{}\"\n",
                                remote.environments, chef.chef_environment);
    }
    return fmt::format("\nchef_license \t\t\"{}\"\ncookbook_path \t[{}]\n", chef.chef_license,
                       cookbooks) +
           staging::chef_section(staging::chef_setting("role_path\t\t", remote.roles)) +
           staging::chef_section(staging::chef_setting("data_bag_path\t", remote.data_bags)) +
           staging::chef_section(
               staging::chef_setting("encrypted_data_bag_secret ", remote.secret)) +
           staging::chef_section(environment);
  }

  Result<void> execute(BuildContext& context, const Guest& guest, const std::string& config_path,
                       const std::string& json_path) {
    const std::string text = staging::or_default(
        config_.chef.execute_command, os_,
        "{{if .Sudo}}sudo {{end}}chef-solo --no-color -c {{.ConfigPath}} -j {{.JsonPath}}",
        "c:/opscode/chef/bin/chef-solo.bat --no-color -c {{.ConfigPath}} -j {{.JsonPath}}");
    const std::string command = TRY(staging::render_command(
        text, context, {{"Sudo", sudo()},
                        {"ConfigPath", Value::string(config_path)},
                        {"JsonPath", Value::string(json_path)}}));
    context.ui.message("Executing Chef: " + command);
    const int status = TRY(guest.run(command));
    if (status == 0) return {};
    return invalid_input(
        fmt::format("Error executing Chef: Non-zero exit status: {}", status));
  }

  Config config_;
  GuestOs os_ = GuestOs::Unix;
  std::string staging_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("chef-solo", [] { return std::make_unique<ChefSolo>(); });
}

}  // namespace farm::builders::provisioner_chef_solo
