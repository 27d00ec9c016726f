#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/chef_solo/config.h"
#include "builders/staging/chef_run.h"

namespace farm::builders::provisioner_chef_solo {
namespace {

using staging::ChefRun;
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
    const ChefRun run = TRY(ChefRun::of(context, config_.chef, "chef-solo"));
    context.ui.say("Provisioning with chef-solo");
    TRY(run.begin());
    const Remote remote = TRY(upload(run));
    const std::string text = TRY(configuration(context, remote));
    return run.execute(
        {.config_name = "solo.rb", .configuration = text, .json_name = "node.json"}, {});
  }

 private:
  Result<Remote> upload(const ChefRun& run) {
    Remote remote;
    remote.cookbooks = config_.remote_cookbook_paths;
    for (size_t i = 0; i < config_.cookbook_paths.size(); ++i) {
      remote.cookbooks.push_back(fmt::format("{}/cookbooks-{}", run.staging(), i));
      TRY(run.guest().upload_contents(config_.cookbook_paths[i], remote.cookbooks.back()));
    }
    const auto folder = [&run](const std::string& local, const char* name,
                               std::string& path) -> Result<void> {
      if (local.empty()) return {};
      path = run.staging() + "/" + name;
      return run.guest().upload_contents(local, path);
    };
    TRY(folder(config_.roles_path, "roles", remote.roles));
    TRY(folder(config_.data_bags_path, "data_bags", remote.data_bags));
    remote.secret = TRY(
        run.upload(config_.chef.encrypted_data_bag_secret_path, "encrypted_data_bag_secret"));
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

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("chef-solo", [] { return std::make_unique<ChefSolo>(); });
}

}  // namespace farm::builders::provisioner_chef_solo
