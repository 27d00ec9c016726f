#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/chef_client/config.h"
#include "builders/staging/chef_run.h"
#include "common/base/random.h"

namespace farm::builders::provisioner_chef_client {
namespace {

using staging::ChefRun;
using value::Value;

class ChefClient final : public Provisioner {
 public:
  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    const ChefRun run = TRY(ChefRun::of(context, config_.chef, "chef-client"));
    node_ = config_.node_name.empty() ? "packer-" + uuid_v4(context.random) : config_.node_name;
    client_key_ = config_.client_key.empty() ? run.staging() + "/client.pem" : config_.client_key;
    TRY(run.begin());
    secret_ = TRY(
        run.upload(config_.chef.encrypted_data_bag_secret_path, "encrypted_data_bag_secret"));
    validation_key_ = TRY(run.upload(config_.validation_key_path, "validation.pem"));
    const std::string text = TRY(configuration(context));
    const Result<void> executed = run.execute(
        {.config_name = "client.rb", .configuration = text, .json_name = "first-boot.json"},
        config_.elevated);
    // The server's records go although Chef failed: nobody could use them any more.
    const Result<void> cleaned = clean_server(context, run);
    TRY(executed);
    TRY(cleaned);
    if (config_.skip_clean_staging_directory) return {};
    return run.guest().remove_directory(run.staging());
  }

 private:
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

  Result<void> clean_server(BuildContext& context, const ChefRun& run) {
    if (config_.skip_clean_node && config_.skip_clean_client) return {};
    const std::string text =
        common_settings() + fmt::format("node_name \"{}\"\n", node_) + tls_settings();
    const std::string path = TRY(run.upload_configuration("knife.rb", text));
    if (!config_.skip_clean_node) {
      context.ui.say("Cleaning up chef node...");
      TRY(knife(run, "node delete " + node_, path));
    }
    if (config_.skip_clean_client) return {};
    context.ui.say("Cleaning up chef client...");
    return knife(run, "client delete " + node_, path);
  }

  Result<void> knife(const ChefRun& run, const std::string& arguments,
                     const std::string& config_path) {
    const std::string command = TRY(run.command(
        config_.knife_command, "{{if .Sudo}}sudo {{end}}knife {{.Args}} {{.Flags}}",
        "c:/opscode/chef/bin/knife.bat {{.Args}} {{.Flags}}",
        {{"Args", Value::string(arguments)}, {"Flags", Value::string("-y -c " + config_path)}}));
    return run.guest().run_checked("Error cleaning up chef: knife " + arguments, command);
  }

  Config config_;
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
