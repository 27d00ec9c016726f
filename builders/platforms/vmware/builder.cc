#include "builders/platforms/vmware/builder.h"

#include "builders/steps/connect.h"
#include "builders/steps/create_cd.h"
#include "builders/steps/create_floppy.h"
#include "builders/steps/download.h"
#include "builders/steps/http_server.h"
#include "builders/steps/output_directory.h"
#include "builders/steps/provision.h"
#include "builders/steps/temporary_key.h"
#include "common/io/files.h"

namespace farm::builders::vmware {
namespace {

template <class... Steps>
void append_steps(std::vector<StepPtr>& list, Steps... more) {
  (list.push_back(std::make_unique<Steps>(std::move(more))), ...);
}

void append_run_steps(std::vector<StepPtr>& list, VmwareOptions& options, const Shared& shared) {
  append_steps(list, FindHostAddress{shared}, steps::StartHttpServer{options.http, "0.0.0.0"},
               StartMachine{shared}, TypeBootCommand{shared}, WaitGuestAddress{shared},
               steps::Connect{options.communicator, {}}, UploadTools{shared}, steps::Provision{},
               steps::RemoveTemporaryKey{options.communicator}, ShutDown{shared},
               CleanMachine{shared}, FinishMachine{shared});
}

Result<artifact::Artifact> folder_artifact(BuildContext& context, const VmwareOptions& options) {
  artifact::Artifact artifact;
  artifact.builder_id = "vmware.desktop";
  artifact.id = options.vm_name;
  artifact.text = "VM files in directory: " + options.output_directory;
  artifact.destroy_paths = {options.output_directory};
  const std::string folder = resolve_path(context, options.output_directory);
  const std::vector<std::string> files = TRY(io::list_files(folder));
  for (const std::string& file : files) {
    artifact.files.push_back(options.output_directory + file.substr(folder.size()));
  }
  using value::Value;
  artifact.state["generated_data"] = Value::object(context.generated);
  artifact.state["artifact.conf.format"] = Value::string(options.exported.format);
  artifact.state["artifact.conf.skip_export"] = Value::boolean(options.exported.skip);
  return artifact;
}

}  // namespace

Findings VmwareIsoBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = VmwareIsoConfig::decode(config, context, findings);
  return findings;
}

Result<std::optional<artifact::Artifact>> VmwareIsoBuilder::run(BuildContext& context) {
  VmwareOptions& options = config_.options;
  const Driver driver(installation_.value_or(installation_of(options)));
  TRY(driver.verify(context, options.exported.wanted()));
  Vm vm;
  vm.folder = resolve_path(context, options.output_directory);
  const Shared shared{&options, &driver, &vm};
  std::vector<StepPtr> list = step_list(
      FindTools{shared}, steps::Download{config_.iso, "ISO", vm.iso},
      steps::PrepareOutputDirectory{options.output_directory},
      steps::CreateTemporaryKey{options.communicator},
      steps::CreateFloppy{options.floppy, vm.floppy}, steps::CreateCd{options.cd, vm.cd},
      CreateDisks{shared, true}, WriteMachine{config_, shared}, ConfigureMachine{shared, false});
  append_run_steps(list, options, shared);
  TRY(run_steps(context, list));
  return std::optional(TRY(folder_artifact(context, options)));
}

Findings VmwareVmxBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = VmwareVmxConfig::decode(config, context, findings);
  return findings;
}

Result<std::optional<artifact::Artifact>> VmwareVmxBuilder::run(BuildContext& context) {
  VmwareOptions& options = config_.options;
  const Driver driver(installation_.value_or(installation_of(options)));
  TRY(driver.verify(context, options.exported.wanted() || !config_.source_path.ends_with(".vmx")));
  Vm vm;
  vm.folder = resolve_path(context, options.output_directory);
  const Shared shared{&options, &driver, &vm};
  std::vector<StepPtr> list = step_list(
      FindTools{shared}, steps::PrepareOutputDirectory{options.output_directory},
      steps::CreateTemporaryKey{options.communicator},
      steps::CreateFloppy{options.floppy, vm.floppy}, steps::CreateCd{options.cd, vm.cd},
      CreateDisks{shared, false}, CloneMachine{config_, shared}, ConfigureMachine{shared, true});
  append_run_steps(list, options, shared);
  TRY(run_steps(context, list));
  return std::optional(TRY(folder_artifact(context, options)));
}

}  // namespace farm::builders::vmware
