#include "builders/core/registry.h"
#include "builders/provisioners/puppet_server/config.h"
#include "builders/staging/puppet_run.h"

namespace farm::builders::provisioner_puppet_server {
namespace {

using staging::PuppetRun;
using value::Value;

class PuppetServer final : public Provisioner {
 public:
  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    PuppetRun run = TRY(PuppetRun::begin(context, config_.puppet, "packer-puppet-server"));
    std::string certificates;
    std::string keys;
    if (!config_.client_cert_path.empty()) {
      context.ui.message("Uploading client cert from: " + config_.client_cert_path);
      certificates = run.staging() + "/certs";
      TRY(run.guest().upload_contents(config_.client_cert_path, certificates));
    }
    if (!config_.client_private_key_path.empty()) {
      context.ui.message("Uploading client private keys from: " + config_.client_private_key_path);
      keys = run.staging() + "/private_keys";
      TRY(run.guest().upload_contents(config_.client_private_key_path, keys));
    }
    return run.finish({.verb = "agent --onetime --no-daemonize",
                       .options = staging::puppet_option("server", config_.puppet_server) +
                                  staging::puppet_option("certname", config_.puppet_node) +
                                  staging::puppet_option("certdir", certificates) +
                                  staging::puppet_option("privatekeydir", keys),
                       .manifest = "",
                       .fields = {{"PuppetServer", Value::string(config_.puppet_server)},
                                  {"PuppetNode", Value::string(config_.puppet_node)},
                                  {"ClientCertPath", Value::string(certificates)},
                                  {"ClientPrivateKeyPath", Value::string(keys)}}});
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("puppet-server", [] { return std::make_unique<PuppetServer>(); });
}

}  // namespace farm::builders::provisioner_puppet_server
