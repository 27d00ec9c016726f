// Entries of the VMware desktop builders in the registry of components, and the reaper of machines
// that a killed build left running.
#include "builders/core/config.h"
#include "builders/core/registry.h"
#include "builders/platforms/vmware/builder.h"
#include "common/io/process.h"

namespace farm::builders::platform_vmware {
namespace {

Result<void> stop_left_machine(ReapContext& context, const LeftResource& left) {
  vmware::VmwareOptions options;
  const value::Value* config = context.config_of({"vmware-iso", "vmware-vmx"});
  if (config != nullptr) {
    Findings ignored;
    options.fusion_app_path = ConfigReader(*config, ignored).string("fusion_app_path");
  }
  const std::string vmrun = vmware::installation_of(options).vmrun;
  const std::string kind = vmware::installation_of(options).kind;
  io::RunOptions run;
  run.spawn.environment = context.environment.all();
  run.spawn.own_process_group = true;
  run.deadline = std::chrono::minutes(2);
  run.spawn.argv = {vmrun, "-T", kind, "list"};
  const io::Finished list = TRY(io::run_program_checked(run, context.cancel));
  if (("\n" + list.standard_output + "\n").find("\n" + left.name + "\n") == std::string::npos) {
    return {};
  }
  run.spawn.argv = {vmrun, "-T", kind, "stop", left.name, "hard"};
  TRY(io::run_program_checked(run, context.cancel));
  return {};
}

}  // namespace

void register_component(Registry& registry) {
  registry.add_builder("vmware-iso", [] { return std::make_unique<vmware::VmwareIsoBuilder>(); });
  registry.add_builder("vmware-vmx", [] { return std::make_unique<vmware::VmwareVmxBuilder>(); });
  registry.add_reaper(vmware::resource::kRunning, stop_left_machine);
}

}  // namespace farm::builders::platform_vmware
