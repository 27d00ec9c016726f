#include "builders/platforms/vsphere/step_hardware.h"

#include <algorithm>

namespace farm::builders::vsphere {
namespace {

const Device* first_of(const std::vector<Device>& devices, std::string_view type) {
  const auto found = std::find_if(devices.begin(), devices.end(),
                                  [&](const Device& one) { return one.type == type; });
  return found == devices.end() ? nullptr : &*found;
}

void write_video_card(XmlWriter& out, const HardwareOptions& hardware, const Device& card) {
  out.element("deviceChange", [&] {
    out.text("operation", "edit");
    out.element("device", "VirtualMachineVideoCard", [&] {
      out.number("key", card.key);
      write_device_info(out, card);
      out.number("controllerKey", card.controller);
      if (card.unit >= 0) out.number("unitNumber", card.unit);
      if (hardware.video_memory_kb != 0) {
        out.number("videoRamSizeInKB", hardware.video_memory_kb);
      }
      if (hardware.displays != 0) out.number("numDisplays", hardware.displays);
    });
  });
}

template <class Backing>
void write_new_device(XmlWriter& out, const char* type, int64_t key, Backing backing) {
  out.element("deviceChange", [&] {
    out.text("operation", "add");
    out.element("device", type, [&] {
      out.number("key", key);
      backing();
    });
  });
}

void write_devices(XmlWriter& out, const HardwareOptions& hardware,
                   const std::vector<Device>& devices) {
  const Device* card = first_of(devices, "VirtualMachineVideoCard");
  if (card != nullptr && (hardware.video_memory_kb != 0 || hardware.displays != 0)) {
    write_video_card(out, hardware, *card);
  }
  int64_t key = -401;
  if (!hardware.vgpu_profile.empty()) {
    write_new_device(out, "VirtualPCIPassthrough", key--, [&] {
      out.element("backing", "VirtualPCIPassthroughVmiopBackingInfo",
                  [&] { out.text("vgpu", hardware.vgpu_profile); });
    });
  }
  if (hardware.pci_devices.empty()) return;
  // One device; the list says what may take its place.
  write_new_device(out, "VirtualPCIPassthrough", key--, [&] {
    out.element("backing", "VirtualPCIPassthroughDynamicBackingInfo", [&] {
      out.text("deviceName", "");
      for (const PciDevice& device : hardware.pci_devices) {
        out.element("allowedDevice", [&] {
          out.number("vendorId", device.vendor);
          out.number("deviceId", device.device);
          if (device.sub_vendor) out.number("subVendorId", *device.sub_vendor);
          if (device.sub_device) out.number("subDeviceId", *device.sub_device);
        });
      }
    });
  });
}

void write_allocation(XmlWriter& out, const HardwareOptions& hardware) {
  if (hardware.cpu_reservation_mhz != 0 || hardware.cpu_limit_mhz != 0) {
    out.element("cpuAllocation", [&] {
      if (hardware.cpu_reservation_mhz != 0) {
        out.number("reservation", hardware.cpu_reservation_mhz);
      }
      if (hardware.cpu_limit_mhz != 0) out.number("limit", hardware.cpu_limit_mhz);
    });
  }
  if (hardware.memory_reservation_mb != 0) {
    out.element("memoryAllocation",
                [&] { out.number("reservation", hardware.memory_reservation_mb); });
  }
}

}  // namespace

void write_parameter(XmlWriter& out, const std::string& key, const std::string& value) {
  out.element("extraConfig", "OptionValue", [&] {
    out.text("key", key);
    out.typed_text("value", "xsd:string", value);
  });
}

Result<void> ConfigureHardware::run(BuildContext& context) {
  const HardwareOptions& hardware = options_->hardware;
  context.ui.say("Customizing hardware...");
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  const bool secure = hardware.firmware == "efi-secure";
  TRY(reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        if (hardware.cpus != 0) out.number("numCPUs", hardware.cpus);
        if (hardware.cores_per_socket != 0) {
          out.number("numCoresPerSocket", hardware.cores_per_socket);
        }
        if (hardware.memory_mb != 0) out.number("memoryMB", hardware.memory_mb);
        if (hardware.memory_hot_plug) out.flag("memoryHotAddEnabled", true);
        if (hardware.cpu_hot_plug) out.flag("cpuHotAddEnabled", true);
        write_devices(out, hardware, devices);
        write_allocation(out, hardware);
        if (secure || hardware.enter_bios_setup) {
          out.element("bootOptions", [&] {
            if (hardware.enter_bios_setup) out.flag("enterBIOSSetup", true);
            if (secure) out.flag("efiSecureBootEnabled", true);
          });
        }
        if (!hardware.firmware.empty()) out.text("firmware", secure ? "efi" : hardware.firmware);
        if (hardware.reserve_all_memory) out.flag("memoryReservationLockedToMax", true);
        if (hardware.nested_virtualization) {
          out.flag("nestedHVEnabled", *hardware.nested_virtualization);
        }
      },
      context.cancel));
  TRY(match_tpm(context));
  return add_precision_clock(context);
}

Result<void> ConfigureHardware::match_tpm(BuildContext& context) {
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  const Device* present = first_of(devices, "VirtualTPM");
  if ((present != nullptr) == options_->hardware.tpm) return {};
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        if (present == nullptr) {
          write_new_device(out, "VirtualTPM", -501, [] {});
        } else {
          write_removal(out, *present);
        }
      },
      context.cancel);
}

Result<void> ConfigureHardware::add_precision_clock(BuildContext& context) {
  const std::string& protocol = options_->hardware.precision_clock;
  if (protocol == "none") return {};
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        write_new_device(out, "VirtualPrecisionClock", -502, [&] {
          out.element("backing", "VirtualPrecisionClockSystemClockBackingInfo",
                      [&] { out.text("protocol", protocol); });
        });
      },
      context.cancel);
}

Result<void> SetFlags::run(BuildContext& context) {
  const FlagOptions& flags = options_->flags;
  if (!flags.vbs && !flags.vvtd) return {};
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        out.element("flags", [&] {
          out.flag("vvtdEnabled", flags.vvtd);
          out.flag("vbsEnabled", flags.vbs);
        });
      },
      context.cancel);
}

Result<void> SetParameters::run(BuildContext& context) {
  const ParameterOptions& parameters = options_->parameters;
  const bool tools = parameters.sync_time || parameters.sync_time_periodically ||
                     parameters.upgrade_tools;
  if (parameters.extra.empty() && !tools) return {};
  context.ui.say("Adding configuration parameters...");
  TRY(reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        if (tools) {
          out.element("tools", [&] {
            if (parameters.upgrade_tools) out.text("toolsUpgradePolicy", "upgradeAtPowerCycle");
            if (parameters.sync_time) out.flag("syncTimeWithHostAllowed", *parameters.sync_time);
            if (parameters.sync_time_periodically) {
              out.flag("syncTimeWithHost", *parameters.sync_time_periodically);
            }
          });
        }
        for (const auto& [key, value] : parameters.extra) write_parameter(out, key, value);
      },
      context.cancel));
  for (const auto& [key, value] : parameters.extra) {
    const std::string stuck =
        TRY(extra_config(*machine_->session, machine_->ref, key, context.cancel));
    if (stuck != value) context.ui.message("The server did not take the parameter " + key);
  }
  return {};
}

}  // namespace farm::builders::vsphere
