// Steps up to a machine that can be started.
#include <algorithm>
#include <fmt/format.h>

#include "builders/platforms/vmware/machine_file.h"
#include "builders/platforms/vmware/steps.h"
#include "builders/steps/http_server.h"
#include "builders/steps/type_boot_command.h"
#include "common/io/files.h"

namespace farm::builders::vmware {
namespace {

constexpr size_t kPasswordLength = 8;  // all that VNC looks at

std::string disk_file(const VmwareDisks& disks, size_t index) {
  if (index == 0) return disks.name + ".vmdk";
  // Number 7 is the SCSI controller's own place, so no disk has it.
  const size_t number = index >= 7 ? index + 1 : index;
  return fmt::format("{}-{}.vmdk", disks.name, number);
}

}  // namespace

Result<void> FindTools::run(BuildContext& context) {
  const VmwareTools& tools = shared_.options->tools;
  if (tools.mode.empty() || tools.mode == "disable") return {};
  std::string path = tools.source_path.empty() ? shared_.driver->tools_iso(tools.flavor)
                                               : resolve_path(context, tools.source_path);
  if (!io::exists(path)) {
    return not_found(fmt::format("couldn't find VMware tools for '{}': {} does not exist",
                                 tools.flavor, path));
  }
  shared_.vm->tools_iso = std::move(path);
  return {};
}

Result<void> CreateDisks::run(BuildContext& context) {
  const VmwareDisks& wanted = shared_.options->disks;
  const size_t count = wanted.additional_mb.size() + 1;
  context.ui.say("Creating virtual machine disks");
  for (size_t i = first_ ? 0 : 1; i < count; ++i) {
    const std::string file = disk_file(wanted, i);
    const int64_t size = i == 0 ? wanted.size_mb : wanted.additional_mb[i - 1];
    TRY(shared_.driver->create_disk(context, io::join_path(shared_.vm->folder, file), size,
                                    wanted.adapter, wanted.type_id));
    shared_.vm->disks.push_back(file);
  }
  return {};
}

Result<void> WriteMachine::run(BuildContext& context) {
  Vm& vm = *shared_.vm;
  context.ui.say("Building and writing VMX file");
  vm.vmx = io::join_path(vm.folder, shared_.options->vm_name + ".vmx");
  vm.network = config_->hardware.network;
  std::string text = machine_text(*config_, vm.disks, vm.iso);
  const std::map<std::string, std::string> fields = template_fields(*config_, vm.disks, vm.iso);
  if (!config_->vmx_template_path.empty()) {
    const std::string source =
        TRY(io::read_file(resolve_path(context, config_->vmx_template_path), 1U << 20));
    text = TRY(steps::render_late(context, source, fields));
  }
  if (!config_->vmx_disk_template_path.empty()) {
    const std::string source =
        TRY(io::read_file(resolve_path(context, config_->vmx_disk_template_path), 1U << 20));
    for (size_t i = 1; i < vm.disks.size(); ++i) {
      std::map<std::string, std::string> of_disk = fields;
      const Slot slot = disk_slot(shared_.options->disks.adapter, i);
      of_disk["DiskUnit"] = fmt::format("{}", slot.unit);
      of_disk["DiskNumber"] = fmt::format("{}", i);
      of_disk["DiskName"] = vm.disks[i].substr(0, vm.disks[i].size() - 5);
      const std::string lines = TRY(steps::render_late(context, source, of_disk));
      text += "\n" + lines;
    }
  }
  return Vmx::parse(text).save(vm.vmx);
}

Result<void> CloneMachine::run(BuildContext& context) {
  Vm& vm = *shared_.vm;
  const std::string source = resolve_path(context, config_->source_path);
  vm.vmx = io::join_path(vm.folder, shared_.options->vm_name + ".vmx");
  if (io::extension(source) != "vmx") {
    TRY(import_ovf(context, source));
  } else {
    context.ui.say("Cloning source virtual machine...");
    const bool linked = config_->linked;
    TRY(shared_.driver->clone(context, source, vm.vmx, linked, config_->attach_snapshot));
  }
  const Vmx made = TRY(Vmx::load(vm.vmx));
  // The disks as the clone has them, for compaction.
  std::vector<std::string> disks;
  for (const std::string& key : made.keys()) {
    if (!key.ends_with(".filename")) continue;
    const std::string file = made.get(key);
    if (io::extension(file) == "vmdk") disks.push_back(file);
  }
  if (disks.empty()) return not_found("root disk not found in the VMX of the clone");
  vm.disks.insert(vm.disks.begin(), disks.begin(), disks.end());
  const std::string network = made.get("ethernet0.connectiontype");
  if (!network.empty()) vm.network = network == "custom" ? made.get("ethernet0.vnet") : network;
  return {};
}

// ovftool makes a folder named after the machine; its files belong one level up.
Result<void> CloneMachine::import_ovf(BuildContext& context, const std::string& source) {
  Vm& vm = *shared_.vm;
  const VmwareOptions& options = *shared_.options;
  context.ui.say("Converting " + source);
  TRY(shared_.driver->ovftool(
      context, {"--lax", fmt::format("--maxVirtualHardwareVersion={}", options.version),
                "--name=" + options.vm_name, source, vm.folder}));
  const std::string inner = io::join_path(vm.folder, options.vm_name);
  const std::string made = io::is_directory(inner) ? inner : inner + ".vmwarevm";
  if (!io::is_directory(made)) return not_found("ovftool made no folder " + inner);
  const std::vector<std::string> files = TRY(io::list_files(made));
  for (const std::string& file : files) {
    TRY(io::move_file(file, io::join_path(vm.folder, io::base_name(file)), context.cancel));
  }
  TRY(io::remove_tree(made));
  Vmx imported = TRY(Vmx::load(vm.vmx));
  imported.set("guestOS", options.guest_os_type);
  return imported.save(vm.vmx);
}

Result<void> ConfigureMachine::run(BuildContext& context) {
  Vm& vm = *shared_.vm;
  const VmwareOptions& options = *shared_.options;
  Vmx vmx = TRY(Vmx::load(vm.vmx));
  apply_data(vmx, options.vmx_data);
  if (additional_disks_) {
    // The ones of the clone come first; ours follow on the same adapter.
    const size_t own = options.disks.additional_mb.size();
    for (size_t i = 0; i < own; ++i) {
      const Slot slot = disk_slot(options.disks.adapter, i + 1);
      attach_disk(vmx, slot, options.disks.adapter, disk_file(options.disks, i + 1));
    }
  }
  const Slot cd = cd_slot(options.disks.adapter, options.cdrom_adapter, vm.disks.size());
  if (!vm.floppy.empty()) attach_floppy(vmx, vm.floppy);
  if (!vm.cd.empty()) attach_cd(vmx, extra_cd_slot(cd), vm.cd);
  if (options.tools.mode == "attach") {
    Slot slot = extra_cd_slot(cd);
    if (!vm.cd.empty()) slot = Slot{"sata", 1, 1};
    attach_cd(vmx, slot, vm.tools_iso);
  }
  if (!options.display_name.empty()) vmx.set("displayName", options.display_name);
  apply_defaults(vmx);
  if (!options.boot.disable_vnc) {
    port_ = TRY(steps::PortReservation::take(options.vnc_port_min, options.vnc_port_max,
                                             options.vnc_bind_address, context.cache_directory,
                                             context.random));
    vm.vnc_port = port_->port();
    if (!options.vnc_disable_password) vm.vnc_password = Secret(context.random.word(kPasswordLength));
    enable_vnc(vmx, options.vnc_bind_address, vm.vnc_port, vm.vnc_password);
  }
  return vmx.save(vm.vmx);
}

// Guests of a host network reach this machine at the address of its vmnet interface.
Result<void> FindHostAddress::run(BuildContext& context) {
  const steps::HttpOptions& http = shared_.options->http;
  if (!http.bind_address.empty() && http.bind_address != "0.0.0.0") {
    context.http_ip = http.bind_address;
    return {};
  }
  const std::string device = http.interface.empty()
                                 ? shared_.driver->network_device(shared_.vm->network)
                                 : http.interface;
  const Result<std::string> address = steps::interface_address(device);
  if (address) {
    context.http_ip = *address;
  } else if (http.wanted()) {
    return address.error().within("the guest cannot reach this machine");
  }
  return {};
}

}  // namespace farm::builders::vmware
