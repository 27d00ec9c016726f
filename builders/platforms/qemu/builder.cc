#include "builders/platforms/qemu/builder.h"

#include "builders/platforms/qemu/accelerator.h"
#include "builders/platforms/qemu/step_check_ranges.h"
#include "builders/platforms/qemu/step_compact_disk.h"
#include "builders/platforms/qemu/step_create_disk.h"
#include "builders/platforms/qemu/step_prepare_efi.h"
#include "builders/platforms/qemu/step_prepare_network.h"
#include "builders/platforms/qemu/step_shut_down.h"
#include "builders/platforms/qemu/step_start_machine.h"
#include "builders/platforms/qemu/step_start_tpm.h"
#include "builders/platforms/qemu/step_type_boot_command.h"
#include "builders/platforms/qemu/step_wait_guest_address.h"
#include "builders/steps/connect.h"
#include "builders/steps/create_cd.h"
#include "builders/steps/create_floppy.h"
#include "builders/steps/download.h"
#include "builders/steps/http_server.h"
#include "builders/steps/output_directory.h"
#include "builders/steps/provision.h"
#include "builders/steps/temporary_key.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {

Findings QemuBuilder::prepare(const value::Value& config, const PrepareContext& context) {
  Findings findings;
  config_ = QemuConfig::decode(config, context, findings);
  return findings;
}

std::vector<StepPtr> QemuBuilder::steps(Driver& driver, Vm& vm) {
  steps::MachineWatch watch{[&vm] { return vm.machine->exit_fd(); },
                            [&vm] { return machine_ended(vm); }};
  // Guests of the user network come in over loopback, guests of a bridge do not.
  const char* http_address = config_.net_bridge.empty() ? "127.0.0.1" : "0.0.0.0";
  std::vector<StepPtr> list;
  if (config_.iso_skip_cache) {
    list = step_list(CheckRanges{config_, vm});
  } else {
    list = step_list(steps::Download{config_.iso, "ISO", vm.iso});
  }
  for (StepPtr& step : step_list(
           steps::PrepareOutputDirectory{config_.output_directory}, StartTpm{config_, vm},
           steps::CreateFloppy{config_.floppy, vm.floppy}, steps::CreateCd{config_.cd, vm.cd},
           CreateDisk{config_, driver, vm}, CopyDisk{config_, driver, vm},
           ResizeDisk{config_, driver, vm}, DiscoverHttpAddress{config_},
           steps::StartHttpServer{config_.http, http_address}, ForwardPort{config_, vm},
           steps::CreateTemporaryKey{config_.communicator}, ConfigureVnc{config_, vm},
           PrepareEfi{config_, vm}, StartMachine{config_, driver, vm},
           TypeBootCommand{config_, vm}, WaitGuestAddress{config_, vm},
           steps::Connect{config_.communicator, std::move(watch)}, steps::Provision{},
           steps::RemoveTemporaryKey{config_.communicator}, ShutDown{config_, vm},
           CompactDisk{config_, driver, vm})) {
    list.push_back(std::move(step));
  }
  return list;
}

void QemuBuilder::settle_accelerator(BuildContext& context, Vm& vm) const {
  vm.accelerator = config_.accelerator;
  if (!vm.accelerator.empty()) return;
  const AcceleratorChoice choice = choose_accelerator(context, config_.qemu_binary);
  vm.accelerator = choice.name;
  context.ui.say("Accelerator: " + choice.name +
                 (choice.reason.empty() ? "" : " (" + choice.reason + ")"));
}

void QemuBuilder::settle_display(BuildContext& context, Vm& vm) const {
  vm.headless = config_.headless;
  const bool desktop = !context.environment.get_or("DISPLAY", "").empty() ||
                       !context.environment.get_or("WAYLAND_DISPLAY", "").empty();
  // On a farm nobody sits before the agent; qemu would refuse to start.
  const bool needs_desktop = !config_.use_default_display && (config_.display.empty() ||
                             config_.display == "gtk" || config_.display == "sdl");
  if (vm.headless || desktop || !needs_desktop) return;
  vm.headless = true;
  context.ui.message("There is no desktop here: the machine runs headless.");
}

Result<std::optional<artifact::Artifact>> QemuBuilder::run(BuildContext& context) {
  const std::unique_ptr<Driver> driver = system_driver(config_.qemu_binary);
  TRY(driver->verify(context));
  Vm vm;
  settle_accelerator(context, vm);
  settle_display(context, vm);
  const std::vector<StepPtr> list = steps(*driver, vm);
  const Result<void> done = run_steps(context, list);
  if (context.left_standing && vm.machine) vm.machine->leave_running();
  if (!done) return done.error();
  artifact::Artifact artifact = TRY(make_artifact(context, config_, vm));
  return std::optional(std::move(artifact));
}

Result<artifact::Artifact> make_artifact(BuildContext& context, const QemuConfig& config,
                                         const Vm& vm) {
  artifact::Artifact artifact;
  artifact.builder_id = "transcend.qemu";
  artifact.id = "VM";
  artifact.text = "VM files in directory: " + config.output_directory;
  artifact.destroy_paths = {config.output_directory};
  const std::string folder = resolve_path(context, config.output_directory);
  const std::vector<std::string> files = TRY(io::list_files(folder));
  for (const std::string& file : files) {
    if (config.efi.drop_vars && io::base_name(file) == "efivars.fd") continue;
    artifact.files.push_back(config.output_directory + file.substr(folder.size()));
  }
  using value::Value;
  const auto text = [](const std::string& string) { return Value::string(string); };
  artifact.state["generated_data"] = Value::object(context.generated);
  artifact.state["diskName"] = text(config.vm_name);
  Value::List disks;
  for (const std::string& disk : vm.disks) disks.push_back(text(disk));
  artifact.state["diskPaths"] = Value::list(value::Type::string(), std::move(disks));
  artifact.state["diskType"] = text(config.disk.format);
  artifact.state["diskSize"] = text(config.disk.size);
  artifact.state["domainType"] = text(vm.accelerator);
  return artifact;
}

}  // namespace farm::builders::platform_qemu
