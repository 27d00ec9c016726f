#include "builders/platforms/proxmox/builder.h"

#include <fmt/format.h>
#include <memory>

#include "builders/platforms/proxmox/step_connect_guest.h"
#include "builders/platforms/proxmox/step_create_machine.h"
#include "builders/platforms/proxmox/step_derive_key.h"
#include "builders/platforms/proxmox/step_finish.h"
#include "builders/platforms/proxmox/step_place.h"
#include "builders/platforms/proxmox/step_provide_iso.h"
#include "builders/platforms/proxmox/step_type_boot_command.h"
#include "builders/steps/create_cd.h"
#include "builders/steps/download.h"
#include "builders/steps/http_server.h"
#include "builders/steps/provision.h"
#include "builders/steps/temporary_key.h"

namespace farm::builders::platform_proxmox {
namespace {

// What destroy() needs after the build: nothing of the build's own lives that long.
class SilentUi final : public Ui {
 public:
  void say(std::string_view) override {}
  void message(std::string_view) override {}
  void error(std::string_view) override {}
  void progress(std::string_view, uint64_t, uint64_t) override {}
};

void move_into(std::vector<StepPtr>& list, std::vector<StepPtr> steps) {
  for (StepPtr& step : steps) list.push_back(std::move(step));
}

}  // namespace

Findings ProxmoxBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = ProxmoxConfig::decode(kind_, config, context, findings);
  return findings;
}

std::vector<StepPtr> ProxmoxBuilder::steps(Client& client, Vm& vm,
                                           std::vector<std::string>& local_isos) {
  std::vector<StepPtr> list = step_list(ChooseNode{config_, client, vm});
  if (kind_ == Kind::Clone) {
    move_into(list, step_list(steps::CreateTemporaryKey{config_.communicator},
                              DeriveKey{config_.communicator},
                              FindSource{config_, client, vm}));
  }
  local_isos.resize(config_.isos.size());
  for (size_t i = 0; i < config_.isos.size(); ++i) {
    const IsoSource& iso = config_.isos[i];
    if (iso.cd.wanted()) {
      move_into(list,
                step_list(steps::CreateCd{iso.cd, local_isos[i], fmt::format("cd{}.iso", i)}));
    } else if (!iso.iso.urls.empty() && !iso.download_on_node) {
      move_into(list, step_list(steps::Download{iso.iso, "ISO", local_isos[i]}));
    }
    move_into(list, step_list(ProvideIso{iso, i, local_isos[i], client, vm}));
  }
  move_into(list,
            step_list(ReplaceExisting{config_, client}, CreateMachine{config_, client, vm},
                      StartMachine{client, vm}, DiscoverHttpAddress{config_},
                      steps::StartHttpServer{config_.http, "0.0.0.0"},
                      TypeBootCommand{config_, client, vm}, ConnectGuest{config_, client, vm},
                      steps::Provision{}, steps::RemoveTemporaryKey{config_.communicator},
                      RemoveCloudInitDrive{client, vm}, ConvertToTemplate{config_, client, vm},
                      Finalize{config_, client, vm}));
  return list;
}

Result<std::optional<artifact::Artifact>> ProxmoxBuilder::run(BuildContext& context) {
  Client client(config_.access, context.clock, context.ui);
  if (!config_.access.verify_tls) {
    context.ui.message("The certificate of the Proxmox API is not verified.");
  }
  if (kind_ == Kind::Clone && config_.communicator.ssh.needs_temporary_key()) {
    // The key is in no template, so it must not stay in the clone.
    config_.communicator.ssh.clear_authorized_keys = true;
    config_.communicator.ssh.temporary_key_pair_type = "ecdsa";
    config_.communicator.ssh.temporary_key_pair_bits = 521;
  }
  Vm vm;
  std::vector<std::string> local_isos;
  const std::vector<StepPtr> list = steps(client, vm, local_isos);
  TRY(run_steps(context, list));
  return std::optional(make_artifact(context, vm));
}

artifact::Artifact ProxmoxBuilder::make_artifact(const BuildContext& context, const Vm& vm) const {
  artifact::Artifact artifact;
  artifact.builder_id = kind_ == Kind::Clone ? "proxmox.clone" : "proxmox.iso";
  artifact.id = std::to_string(vm.placement.id);
  artifact.text = (config_.skip_convert_to_template ? "A VM was created: "
                                                    : "A template was created: ") +
                  artifact.id;
  artifact.state["generated_data"] = value::Value::object(context.generated);
  artifact.destroy_outside = [access = config_.access, node = vm.node,
                              id = vm.placement.id]() -> Result<void> {
    const SystemClock clock;
    SilentUi ui;
    Client client(access, clock, ui);
    const CancelToken fresh;
    return Machine(client, node, id).remove(fresh);
  };
  return artifact;
}

}  // namespace farm::builders::platform_proxmox
