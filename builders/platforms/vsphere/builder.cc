#include "builders/platforms/vsphere/builder.h"

#include "builders/platforms/vsphere/step_connect.h"
#include "builders/platforms/vsphere/step_create.h"
#include "builders/platforms/vsphere/step_deliver.h"
#include "builders/platforms/vsphere/step_finish.h"
#include "builders/platforms/vsphere/step_hardware.h"
#include "builders/platforms/vsphere/step_media.h"
#include "builders/platforms/vsphere/step_run.h"
#include "builders/steps/connect.h"
#include "builders/steps/create_cd.h"
#include "builders/steps/create_floppy.h"
#include "builders/steps/http_server.h"
#include "builders/steps/provision.h"
#include "builders/steps/temporary_key.h"

namespace farm::builders::vsphere {
namespace {

template <class... Steps>
void add_steps(std::vector<StepPtr>& list, Steps... more) {
  (list.push_back(std::make_unique<Steps>(std::move(more))), ...);
}

// From power on to power off.
void add_run_steps(std::vector<StepPtr>& list, MachineOptions& options,
                   const std::string& default_boot_order, Machine& machine) {
  add_steps(list, FindHttpAddress{options}, steps::StartHttpServer{options.http, "0.0.0.0"},
            steps::CreateTemporaryKey{options.communicator},
            PowerOn{options, default_boot_order, machine}, TypeBootCommand{options, machine},
            WaitAddress{options, machine}, KeepSession{machine},
            steps::Connect{options.communicator, {}},
            steps::Provision{}, steps::RemoveTemporaryKey{options.communicator},
            ShutDown{options, machine});
}

Result<std::optional<artifact::Artifact>> build(BuildContext& context,
                                                const std::vector<StepPtr>& list,
                                                const MachineOptions& options,
                                                const Machine& machine) {
  TRY(run_steps(context, list));
  return std::optional(make_artifact(context, options, machine));
}

}  // namespace

Findings VsphereIsoBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = IsoConfig::decode(config, context, findings);
  return findings;
}

std::vector<StepPtr> VsphereIsoBuilder::steps(Machine& machine) {
  MachineOptions& options = config_.machine;
  std::vector<StepPtr> list = step_list(
      ConnectServer{options, machine}, FindPlace{options, machine},
      FetchIso{options, config_.iso, config_.cache, machine},
      steps::CreateCd{options.cd, machine.cd}, UploadImages{options, config_.cache, machine},
      RemoveExisting{options, machine}, CreateVm{config_, machine},
      ConfigureHardware{options, machine}, SetFlags{options, machine},
      AddCdDrives{options, machine}, SetParameters{options, machine},
      steps::CreateFloppy{options.floppy, machine.floppy}, AddFloppy{options, machine});
  add_run_steps(list, options, "disk,cdrom", machine);
  add_steps(list, RemoveMedia{options, options.boot_order.empty(), machine},
            RemoveNetworkAdapters{options, machine}, CreateSnapshot{options, machine},
            ConvertToTemplate{options, machine}, ImportToLibrary{options, machine},
            ExportMachine{options, machine}, Complete{machine});
  return list;
}

Result<std::optional<artifact::Artifact>> VsphereIsoBuilder::run(BuildContext& context) {
  Machine machine;
  const std::vector<StepPtr> list = steps(machine);
  return build(context, list, config_.machine, machine);
}

Findings VsphereCloneBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = CloneConfig::decode(config, context, findings);
  return findings;
}

std::vector<StepPtr> VsphereCloneBuilder::steps(Machine& machine) {
  MachineOptions& options = config_.machine;
  RemoteCache cache;
  std::vector<StepPtr> list = step_list(
      ConnectServer{options, machine}, FindPlace{options, machine},
      steps::CreateCd{options.cd, machine.cd}, UploadImages{options, cache, machine},
      RemoveExisting{options, machine}, CloneVm{config_, machine},
      ConfigureHardware{options, machine}, SetFlags{options, machine},
      AddCdDrives{options, machine}, SetParameters{options, machine},
      CustomizeGuest{config_, machine});
  if (options.communicator.type != CommunicatorType::None) {
    add_steps(list, steps::CreateFloppy{options.floppy, machine.floppy},
              AddFloppy{options, machine});
    add_run_steps(list, options, "", machine);
  }
  add_steps(list, RemoveMedia{options, false, machine}, CreateSnapshot{options, machine},
            RemoveNetworkAdapters{options, machine}, ConvertToTemplate{options, machine},
            ImportToLibrary{options, machine}, ExportMachine{options, machine},
            Complete{machine});
  return list;
}

Result<std::optional<artifact::Artifact>> VsphereCloneBuilder::run(BuildContext& context) {
  Machine machine;
  const std::vector<StepPtr> list = steps(machine);
  return build(context, list, config_.machine, machine);
}

}  // namespace farm::builders::vsphere
