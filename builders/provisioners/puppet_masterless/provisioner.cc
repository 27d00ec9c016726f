#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/puppet_masterless/config.h"
#include "builders/staging/puppet_run.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_puppet_masterless {
namespace {

using staging::PuppetRun;
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
    PuppetRun run = TRY(PuppetRun::begin(context, config_.puppet, "packer-puppet-masterless"));
    const Remote remote = TRY(upload(context, run));
    return run.finish({.verb = "apply",
                       .options = staging::puppet_option("modulepath", remote.modules) +
                                  staging::puppet_option("hiera_config", remote.hiera) +
                                  staging::puppet_option("manifestdir", remote.manifest_dir),
                       .manifest = remote.manifest,
                       .fields = {{"ModulePath", Value::string(remote.modules)},
                                  {"HieraConfigPath", Value::string(remote.hiera)},
                                  {"ManifestDir", Value::string(remote.manifest_dir)},
                                  {"ManifestFile", Value::string(remote.manifest)}}});
  }

 private:
  Result<Remote> upload(BuildContext& context, const PuppetRun& run) {
    Remote remote;
    const staging::Guest& guest = run.guest();
    if (!config_.hiera_config_path.empty()) {
      context.ui.message("Uploading hiera configuration...");
      remote.hiera = run.staging() + "/hiera.yaml";
      TRY(guest.upload_file(config_.hiera_config_path, remote.hiera));
    }
    const std::string manifests = run.staging() + "/manifests";
    if (!config_.manifest_dir.empty()) {
      context.ui.message("Uploading manifest directory from: " + config_.manifest_dir);
      remote.manifest_dir = manifests;
      TRY(guest.upload_contents(config_.manifest_dir, manifests));
    }
    for (size_t i = 0; i < config_.module_paths.size(); ++i) {
      context.ui.message("Uploading local modules from: " + config_.module_paths[i]);
      const std::string folder = fmt::format("{}/module-{}", run.staging(), i);
      TRY(guest.upload_contents(config_.module_paths[i], folder));
      const char* separator = guest.windows() ? ";" : ":";
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

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("puppet-masterless",
                           [] { return std::make_unique<PuppetMasterless>(); });
}

}  // namespace farm::builders::provisioner_puppet_masterless
