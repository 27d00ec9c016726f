#include "builders/platforms/qemu/command_line.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace farm::builders::platform_qemu {
namespace {

using Flag = std::pair<std::string, std::string>;  // flag, value
using Flags = std::vector<Flag>;

// A comma in a value of qemu's option lists is written twice.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == ',' ? ",," : std::string(1, c);
  return out;
}

bool overrides_flag(const std::vector<std::vector<std::string>>& overrides,
                    const std::string& flag) {
  return std::any_of(overrides.begin(), overrides.end(),
                     [&](const auto& entry) { return entry[0] == flag; });
}

std::string machine_option(const QemuConfig& config, const Vm& vm, bool accel_given) {
  // qemu refuses "-machine accel=" beside "-accel".
  if (vm.accelerator.empty() || vm.accelerator == "none" || accel_given) {
    return "type=" + config.machine_type;
  }
  return fmt::format("type={},accel={}", config.machine_type, vm.accelerator);
}

std::string netdev_option(const QemuConfig& config, const Vm& vm) {
  if (!config.net_bridge.empty()) return "bridge,id=user.0,br=" + quoted(config.net_bridge);
  if (vm.host_port == 0) return "user,id=user.0";
  // Only on loopback: without an address qemu would open the guest, whose password is in the
  // template, to the whole network.
  return fmt::format("user,id=user.0,hostfwd=tcp:127.0.0.1:{}-:{}", vm.host_port, vm.guest_port);
}

void add_display(const QemuConfig& config, const Vm& vm, Flags& flags) {
  if (!config.boot.disable_vnc) {
    flags.emplace_back("-vnc", fmt::format("{}:{}{}", config.vnc.bind_address, vm.vnc_port - 5900,
                                           config.vnc.use_password ? ",password=on" : ""));
  }
  if (vm.headless) {
    // Without any screen qemu would look for a desktop of its own accord.
    if (config.boot.disable_vnc) flags.emplace_back("-display", "none");
  } else if (!config.display.empty() && config.display != "none") {
    flags.emplace_back("-display", config.display);
  } else if (!config.use_default_display) {
    flags.emplace_back("-display", "gtk");
  }
  if (!config.vga.empty()) flags.emplace_back("-vga", config.vga);
}

// Where a disk hangs when "-drive if=" cannot say it: the controller and the disk's own device.
struct DiskBus {
  std::string controller;
  std::string device;
  bool controller_per_disk = false;
};

std::optional<DiskBus> disk_bus(const QemuConfig& config) {
  const std::string& interface = config.disk.interface;
  if (interface == "virtio-scsi") {
    return DiskBus{"virtio-scsi-pci,id=scsi0", "scsi-hd,bus=scsi0.0,drive=drive{}"};
  }
  // The boards of PCs know no such interface by name; others (sabrelite, versatile) do.
  const std::string& board = config.machine_type;
  if (!board.starts_with("pc") && !board.starts_with("q35")) return std::nullopt;
  if (interface == "sata") {
    return DiskBus{"ahci,id=ahci0", "ide-hd,bus=ahci0.{0},drive=drive{0}"};
  }
  if (interface == "scsi") {
    return DiskBus{"lsi53c895a,id=scsi0", "scsi-hd,bus=scsi0.0,drive=drive{}"};
  }
  if (interface == "sd") {
    return DiskBus{"sdhci-pci,id=sdhci{}", "sd-card,drive=drive{}", true};
  }
  return std::nullopt;
}

void add_disks(const QemuConfig& config, const Vm& vm, Flags& flags) {
  const DiskOptions& disk = config.disk;
  const std::optional<DiskBus> bus = disk_bus(config);
  if (bus && !bus->controller_per_disk) flags.emplace_back("-device", bus->controller);
  const std::string zeroes =
      disk.detect_zeroes == "off" ? "" : ",detect-zeroes=" + disk.detect_zeroes;
  for (size_t i = 0; i < vm.disks.size(); ++i) {
    const std::string file = quoted(vm.disks[i]);
    if (bus) {
      if (bus->controller_per_disk) {
        flags.emplace_back("-device", fmt::format(fmt::runtime(bus->controller), i));
      }
      flags.emplace_back("-device", fmt::format(fmt::runtime(bus->device), i));
      flags.emplace_back("-drive",
                         fmt::format("if=none,file={},id=drive{},cache={},discard={},format={}{}",
                                     file, i, disk.cache, disk.discard, disk.format, zeroes));
    } else {
      flags.emplace_back("-drive", fmt::format("file={},if={},cache={},discard={},format={}{}", file,
                                               disk.interface, disk.cache, disk.discard,
                                               disk.format, zeroes));
    }
  }
}

void add_cdroms(const QemuConfig& config, const Vm& vm, Flags& flags) {
  std::vector<std::string> discs;
  if (!config.disk_image && !vm.iso.empty()) discs.push_back(vm.iso);
  if (!vm.cd.empty()) discs.push_back(vm.cd);
  const std::string& interface = config.cdrom_interface;
  // Disks of the same interface have taken the first places.
  const bool shared = interface == config.disk.interface && !disk_bus(config);
  const size_t first = shared ? vm.disks.size() : 0;
  for (size_t i = 0; i < discs.size(); ++i) {
    const std::string file = quoted(discs[i]);
    if (interface.empty()) {
      flags.emplace_back("-drive", fmt::format("file={},media=cdrom", file));
    } else if (interface == "virtio-scsi") {
      flags.emplace_back("-drive",
                         fmt::format("file={},if=none,id=cdrom{},media=cdrom", file, i));
      // The -pci form: plain virtio-scsi-device has no bus to sit on except on mmio boards.
      if (i == 0) flags.emplace_back("-device", "virtio-scsi-pci");
      flags.emplace_back("-device", fmt::format("scsi-cd,drive=cdrom{}", i));
    } else {
      flags.emplace_back("-drive", fmt::format("file={},if={},index={},id=cdrom{},media=cdrom",
                                               file, interface, first + i, i));
    }
  }
}

void add_firmware(const QemuConfig& config, const Vm& vm, Flags& flags) {
  if (!config.firmware.empty() && config.use_pflash) {
    flags.emplace_back("-drive", fmt::format("file={},if=pflash,format=raw,readonly=on",
                                             quoted(config.firmware)));
  }
  if (!config.efi.enabled) return;
  flags.emplace_back("-drive", fmt::format("file={},if=pflash,unit=0,format=raw,readonly=on",
                                           quoted(config.efi.code)));
  flags.emplace_back("-drive", fmt::format("file={},if=pflash,unit=1,format=raw",
                                           quoted(vm.efi_vars)));
}

Flags default_flags(const QemuConfig& config, const Vm& vm, bool accel_given) {
  Flags flags;
  flags.emplace_back("-name", quoted(config.vm_name));
  flags.emplace_back("-machine", machine_option(config, vm, accel_given));
  flags.emplace_back("-m", fmt::format("{}M", config.memory));
  flags.emplace_back("-smp", smp_option(config.cpu));
  if (!config.cpu_model.empty()) flags.emplace_back("-cpu", config.cpu_model);
  if (!config.efi.enabled) flags.emplace_back("-boot", config.disk_image ? "c" : "once=d");
  if (!config.firmware.empty() && !config.use_pflash) {
    flags.emplace_back("-bios", config.firmware);
  }
  flags.emplace_back("-netdev", netdev_option(config, vm));
  add_display(config, vm, flags);
  if (!vm.floppy.empty()) flags.emplace_back("-fda", vm.floppy);
  if (config.qmp_enable) {
    flags.emplace_back("-qmp", fmt::format("unix:{},server=on,wait=off",
                                           quoted(config.qmp_socket_path)));
  }
  add_disks(config, vm, flags);
  add_cdroms(config, vm, flags);
  add_firmware(config, vm, flags);
  flags.emplace_back("-device", config.net_device + ",netdev=user.0");
  if (config.tpm.enabled) {
    flags.emplace_back("-chardev", "socket,id=vtpm,path=" + quoted(vm.tpm_socket));
    flags.emplace_back("-tpmdev", "emulator,id=tpm0,chardev=vtpm");
    flags.emplace_back("-device", config.tpm.device_type + ",tpmdev=tpm0");
  }
  return flags;
}

// Everything after the flag, joined with nothing between.
std::string joined_value(const std::vector<std::string>& entry) {
  std::string value;
  for (size_t i = 1; i < entry.size(); ++i) value += entry[i];
  return value;
}

void append(std::vector<std::string>& arguments, const std::string& flag,
            const std::string& value) {
  arguments.push_back(flag);
  if (!value.empty()) arguments.push_back(value);
}

// All overrides of `flag`, and the net device when they forgot it.
void append_overrides(std::vector<std::string>& arguments, const QemuConfig& config,
                      const std::vector<std::vector<std::string>>& overrides,
                      const std::string& flag) {
  bool names_net_device = false;
  for (const auto& entry : overrides) {
    if (entry[0] != flag) continue;
    const std::string value = joined_value(entry);
    append(arguments, flag, value);
    names_net_device |= value.find(config.net_device) != std::string::npos;
  }
  if (flag == "-device" && !names_net_device) {
    append(arguments, flag, config.net_device + ",netdev=user.0");
  }
}

}  // namespace

std::string smp_option(const CpuOptions& cpu) {
  const bool topology = cpu.sockets > 0 || cpu.cores > 0 || cpu.threads > 0;
  const auto at_least_one = [](int64_t count) { return count > 0 ? count : 1; };
  const int64_t product =
      at_least_one(cpu.sockets) * at_least_one(cpu.cores) * at_least_one(cpu.threads);
  int64_t count = at_least_one(cpu.cpus);
  if (topology && (cpu.cpus == 0 || cpu.cpus > product)) count = product;
  std::string option = fmt::format("{}", count);
  if (cpu.sockets > 0) option += fmt::format(",sockets={}", cpu.sockets);
  if (cpu.cores > 0) option += fmt::format(",cores={}", cpu.cores);
  if (cpu.threads > 0) option += fmt::format(",threads={}", cpu.threads);
  return option;
}

std::vector<std::string> command_line(const QemuConfig& config, const Vm& vm,
                                      const std::vector<std::vector<std::string>>& overrides) {
  std::vector<std::string> arguments;
  std::vector<std::string> done;
  const auto is_done = [&](const std::string& flag) {
    return std::find(done.begin(), done.end(), flag) != done.end();
  };
  for (const auto& [flag, value] : default_flags(config, vm, overrides_flag(overrides, "-accel"))) {
    if (!overrides_flag(overrides, flag)) {
      append(arguments, flag, value);
    } else if (!is_done(flag)) {
      append_overrides(arguments, config, overrides, flag);
      done.push_back(flag);
    }
  }
  for (const auto& entry : overrides) {
    if (is_done(entry[0])) continue;
    append_overrides(arguments, config, overrides, entry[0]);
    done.push_back(entry[0]);
  }
  return arguments;
}

}  // namespace farm::builders::platform_qemu
