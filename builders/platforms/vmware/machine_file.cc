#include "builders/platforms/vmware/machine_file.h"

#include <algorithm>
#include <fmt/format.h>

namespace farm::builders::vmware {
namespace {

constexpr int kScsiSelf = 7;

std::string bus_of(const std::string& adapter) {
  if (adapter == "ide" || adapter == "sata" || adapter == "nvme") return adapter;
  return "scsi";
}

// virtualDev of a SCSI controller; "scsi" leaves the choice to VMware's default.
std::string scsi_device(const std::string& adapter) {
  return bus_of(adapter) == "scsi" && adapter != "scsi" ? adapter : "";
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void set_controller(Vmx& vmx, const Slot& slot, const std::string& device) {
  if (slot.bus == "ide") return;  // always there
  const std::string name = fmt::format("{}{}", slot.bus, slot.controller);
  vmx.set(name + ".present", "TRUE");
  if (!device.empty()) vmx.set(name + ".virtualDev", device);
}

void set_serial(Vmx& vmx, const PortSpec& port) {
  if (port.kind == PortSpec::Kind::None) return;
  vmx.set("serial0.present", "TRUE");
  vmx.set("serial0.startConnected", "TRUE");
  vmx.set("serial0.yieldOnMsrRead", port.yield ? "TRUE" : "FALSE");
  switch (port.kind) {
    case PortSpec::Kind::None: break;
    case PortSpec::Kind::Auto:
      vmx.set("serial0.fileType", "device");
      vmx.set("serial0.autodetect", "TRUE");
      break;
    case PortSpec::Kind::File:
      vmx.set("serial0.fileType", "file");
      vmx.set("serial0.fileName", port.path);
      break;
    case PortSpec::Kind::Device:
      vmx.set("serial0.fileType", "device");
      vmx.set("serial0.fileName", port.path);
      vmx.set("serial0.autodetect", "FALSE");
      break;
    case PortSpec::Kind::Pipe:
      vmx.set("serial0.fileType", "pipe");
      vmx.set("serial0.fileName", port.path);
      vmx.set("serial0.pipe.endPoint", port.server ? "server" : "client");
      vmx.set("serial0.tryNoRxLoss", port.application ? "FALSE" : "TRUE");
      break;
  }
}

void set_parallel(Vmx& vmx, const PortSpec& port) {
  if (port.kind == PortSpec::Kind::None) return;
  vmx.set("parallel0.present", "TRUE");
  vmx.set("parallel0.startConnected", "TRUE");
  vmx.set("parallel0.bidirectional", port.bidirectional ? "TRUE" : "FALSE");
  if (port.kind == PortSpec::Kind::File) {
    vmx.set("parallel0.fileType", "file");
    vmx.set("parallel0.fileName", port.path);
    return;
  }
  vmx.set("parallel0.fileType", "device");
  vmx.set("parallel0.autodetect", port.kind == PortSpec::Kind::Auto ? "TRUE" : "FALSE");
  if (port.kind == PortSpec::Kind::Device) vmx.set("parallel0.fileName", port.path);
}

void set_network(Vmx& vmx, const VmwareHardware& hardware) {
  vmx.set("ethernet0.present", "TRUE");
  vmx.set("ethernet0.startConnected", "TRUE");
  vmx.set("ethernet0.addressType", "generated");
  vmx.set("ethernet0.virtualDev", hardware.adapter);
  const std::string& network = hardware.network;
  const bool custom = network != "nat" && network != "hostonly" && network != "bridged";
  vmx.set("ethernet0.connectionType", custom ? "custom" : network);
  if (custom) vmx.set("ethernet0.vnet", network);
  if (!hardware.network_name.empty()) vmx.set("ethernet0.networkName", hardware.network_name);
}

void set_usb(Vmx& vmx, const VmwareHardware& hardware) {
  if (!hardware.usb) return;
  vmx.set("usb.present", "TRUE");
  vmx.set("ehci.present", "TRUE");
  if (hardware.usb_version != "2.0") vmx.set("usb_xhci.present", "TRUE");
  if (hardware.usb_version == "3.2") vmx.set("usb_xhci.version", "3.2");
}

void set_firmware(Vmx& vmx, const std::string& firmware) {
  if (firmware.empty()) return;
  vmx.set("firmware", firmware == "bios" ? "bios" : "efi");
  if (firmware == "efi-secure") vmx.set("uefi.secureBoot.enabled", "TRUE");
}

// The chip set that every guest since virtual hardware 7 expects.
void set_board(Vmx& vmx) {
  for (const char* key : {"vmci0.present", "hpet0.present", "pciBridge0.present"}) {
    vmx.set(key, "TRUE");
  }
  for (const int bridge : {4, 5, 6, 7}) {
    const std::string name = fmt::format("pciBridge{}", bridge);
    vmx.set(name + ".present", "TRUE");
    vmx.set(name + ".virtualDev", "pcieRootPort");
    vmx.set(name + ".functions", "8");
  }
}

}  // namespace

std::string Slot::text() const { return fmt::format("{}{}:{}", bus, controller, unit); }

Slot disk_slot(const std::string& adapter, size_t index) {
  Slot slot{bus_of(adapter), 0, static_cast<int>(index)};
  if (slot.bus == "scsi" && slot.unit >= kScsiSelf) ++slot.unit;
  // Unit 1 of the first IDE and SATA controller is the CD's.
  if ((slot.bus == "ide" || slot.bus == "sata") && slot.unit >= 1) ++slot.unit;
  if (slot.bus == "ide") {
    slot.controller = slot.unit / 2;
    slot.unit %= 2;
  }
  return slot;
}

Slot cd_slot(const std::string& disk_adapter, const std::string& cdrom_adapter, size_t disks) {
  const std::string disk_bus = bus_of(disk_adapter);
  std::string bus = cdrom_adapter;
  if (bus.empty()) bus = disk_bus == "scsi" ? "ide" : disk_bus == "nvme" ? "sata" : disk_bus;
  if (bus != disk_bus) return {bus, 0, 0};
  if (bus != "scsi") return {bus, 0, 1};
  return disk_slot(disk_adapter, std::max<size_t>(disks, 1));
}

Slot extra_cd_slot(const Slot& first) { return {first.bus, 1, first.bus == "ide" ? 1 : 0}; }

void attach_cd(Vmx& vmx, const Slot& slot, const std::string& image) {
  set_controller(vmx, slot, "");
  const std::string name = slot.text();
  vmx.set(name + ".present", "TRUE");
  vmx.set(name + ".deviceType", "cdrom-image");
  vmx.set(name + ".fileName", image);
  vmx.set(name + ".startConnected", "TRUE");
}

void attach_floppy(Vmx& vmx, const std::string& image) {
  vmx.set("floppy0.present", "TRUE");
  vmx.set("floppy0.fileType", "file");
  vmx.set("floppy0.fileName", image);
  vmx.set("floppy0.startConnected", "TRUE");
}

void attach_disk(Vmx& vmx, const Slot& slot, const std::string& adapter, const std::string& file) {
  set_controller(vmx, slot, scsi_device(adapter));
  vmx.set(slot.text() + ".present", "TRUE");
  vmx.set(slot.text() + ".fileName", file);
}

void enable_vnc(Vmx& vmx, const std::string& address, uint16_t port, const Secret& password) {
  vmx.set("remotedisplay.vnc.enabled", "TRUE");
  vmx.set("remotedisplay.vnc.port", fmt::format("{}", port));
  vmx.set("remotedisplay.vnc.ip", address);
  if (!password.empty()) vmx.set("remotedisplay.vnc.password", password.reveal());
}

void clean_machine(Vmx& vmx, bool remove_ethernet) {
  vmx.erase_prefix("remotedisplay.vnc.");
  if (vmx.get("floppy0.present") == "TRUE") {
    vmx.erase_prefix("floppy0.");
    vmx.set("floppy0.present", "FALSE");
  }
  for (const std::string& key : vmx.keys()) {
    if (!key.ends_with(".devicetype") || lower_case(vmx.get(key)) != "cdrom-image") continue;
    const std::string drive = key.substr(0, key.size() - 11);
    vmx.set(drive + ".deviceType", "cdrom-raw");
    vmx.set(drive + ".fileName", "auto detect");
    vmx.set(drive + ".clientDevice", "TRUE");
  }
  if (!remove_ethernet) return;
  for (const std::string& key : vmx.keys()) {
    if (key.starts_with("ethernet")) vmx.erase(key);
  }
}

void apply_data(Vmx& vmx, const std::map<std::string, std::string>& data) {
  for (const auto& [key, value] : data) vmx.set(lower_case(key), value);
}

void apply_defaults(Vmx& vmx) {
  vmx.set("msg.autoanswer", "true");  // nobody sits there to answer
  vmx.set("uuid.action", "create");
  for (const std::string& key : vmx.keys()) {
    const bool generated = key.starts_with("ethernet") && (key.ends_with(".generatedaddress") ||
                                                           key.ends_with(".generatedaddressoffset"));
    if (generated) vmx.erase(key);
  }
}

std::map<std::string, std::string> template_fields(const VmwareIsoConfig& config,
                                                   const std::vector<std::string>& disks,
                                                   const std::string& iso) {
  const VmwareOptions& options = config.options;
  const VmwareHardware& hardware = config.hardware;
  const auto count = [](int64_t number) { return fmt::format("{}", number); };
  const auto flag = [](bool value) { return std::string(value ? "TRUE" : "FALSE"); };
  const Slot cd = cd_slot(options.disks.adapter, options.cdrom_adapter, disks.size());
  const std::string bus = bus_of(options.disks.adapter);
  return {{"Name", options.vm_name},
          {"GuestOS", options.guest_os_type},
          {"ISOPath", iso},
          {"Version", count(options.version)},
          {"DiskName", options.disks.name},
          {"DiskType", scsi_device(options.disks.adapter)},
          {"CpuCount", count(std::max<int64_t>(1, hardware.cpus))},
          {"CoreCount", count(hardware.cores)},
          {"MemorySize", count(hardware.memory)},
          {"Firmware", hardware.firmware == "efi-secure" ? "efi" : hardware.firmware},
          {"SecureBoot", flag(hardware.firmware == "efi-secure")},
          {"HDD_BootOrder", bus + "0:0"},
          {"SCSI_Present", flag(bus == "scsi")},
          {"SCSI_diskAdapterType", scsi_device(options.disks.adapter)},
          {"SATA_Present", flag(bus == "sata" || cd.bus == "sata")},
          {"NVME_Present", flag(bus == "nvme")},
          {"DiskAdapter", bus},
          {"CDROMType", cd.bus},
          {"CDROMType_PrimarySecondary", count(cd.controller)},
          {"Network_Type", hardware.network},
          {"Network_Device", hardware.network},
          {"Network_Adapter", hardware.adapter},
          {"Network_Name", hardware.network_name},
          {"Sound_Present", flag(hardware.sound)},
          {"Usb_Present", flag(hardware.usb)}};
}

std::string machine_text(const VmwareIsoConfig& config, const std::vector<std::string>& disks,
                         const std::string& iso) {
  const VmwareOptions& options = config.options;
  const VmwareHardware& hardware = config.hardware;
  Vmx vmx;
  vmx.set(".encoding", "UTF-8");
  vmx.set("config.version", "8");
  vmx.set("virtualHW.version", fmt::format("{}", options.version));
  vmx.set("displayName", options.display_name.empty() ? options.vm_name : options.display_name);
  vmx.set("guestOS", options.guest_os_type);
  vmx.set("memsize", fmt::format("{}", hardware.memory));
  if (hardware.cpus > 0) vmx.set("numvcpus", fmt::format("{}", hardware.cpus));
  if (hardware.cores > 0) vmx.set("cpuid.coresPerSocket", fmt::format("{}", hardware.cores));
  if (config.nested_virtualization) vmx.set("vhv.enable", "TRUE");
  set_firmware(vmx, hardware.firmware);
  set_board(vmx);
  vmx.set("nvram", options.vm_name + ".nvram");
  vmx.set("extendedConfigFile", options.vm_name + ".vmxf");
  for (size_t i = 0; i < disks.size(); ++i) {
    attach_disk(vmx, disk_slot(options.disks.adapter, i), options.disks.adapter, disks[i]);
  }
  attach_cd(vmx, cd_slot(options.disks.adapter, options.cdrom_adapter, disks.size()), iso);
  set_network(vmx, hardware);
  if (hardware.sound) {
    vmx.set("sound.present", "TRUE");
    vmx.set("sound.virtualDev", "hdaudio");
    vmx.set("sound.fileName", "-1");
    vmx.set("sound.autodetect", "TRUE");
  }
  set_usb(vmx, hardware);
  set_serial(vmx, hardware.serial);
  set_parallel(vmx, hardware.parallel);
  vmx.set("floppy0.present", "FALSE");
  vmx.set("tools.syncTime", "TRUE");
  vmx.set("tools.upgrade.policy", "upgradeAtPowerCycle");
  for (const char* key : {"powerType.powerOff", "powerType.powerOn", "powerType.reset",
                          "powerType.suspend"}) {
    vmx.set(key, "soft");
  }
  vmx.set("replay.supported", "FALSE");
  return vmx.text();
}

}  // namespace farm::builders::vmware
