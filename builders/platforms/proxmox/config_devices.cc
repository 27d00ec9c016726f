// The devices of a machine: disks, network cards, PCI, EFI, TPM, random numbers, display, serial.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/platforms/proxmox/config.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr size_t kMostSerials = 4;
constexpr int64_t kLargestMtu = 65520;

std::string device_text(const ConfigReader& reader, const char* name, std::string other) {
  std::string text = reader.string(name);
  return text.empty() ? other : text;
}

bool is_hex(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

// "0000:01:00.0" with an optional domain and function; several joined by ";".
bool is_pci_address(const std::string& text) {
  size_t from = 0;
  while (from <= text.size()) {
    const size_t semicolon = std::min(text.find(';', from), text.size());
    std::string one = text.substr(from, semicolon - from);
    from = semicolon + 1;
    std::string function;
    if (const size_t dot = one.find('.'); dot != std::string::npos) {
      function = one.substr(dot + 1);
      one.resize(dot);
      if (function.size() != 1 || !is_hex(function)) return false;
    }
    const size_t last = one.rfind(':');
    if (last == std::string::npos) return false;
    const std::string device = one.substr(last + 1);
    std::string bus = one.substr(0, last);
    if (const size_t domain = bus.find(':'); domain != std::string::npos) {
      if (!is_hex(bus.substr(0, domain)) || domain > 4) return false;
      bus.erase(0, domain + 1);
    }
    if (bus.size() != 2 || device.size() != 2 || !is_hex(bus) || !is_hex(device)) return false;
  }
  return true;
}

bool is_pci_id(const std::string& text) {
  return text.size() == 6 && text.starts_with("0x") && is_hex(text.substr(2));
}

void read_disk(const value::Value& block, size_t number, ProxmoxConfig& config,
               Findings& findings) {
  const ConfigReader reader(block, findings);
  DiskOptions disk;
  disk.type = device_text(reader, "type", disk.type);
  // Whatever is no bus has always meant scsi.
  if (last_slot(disk.type) < 0) disk.type = "scsi";
  disk.storage_pool = reader.string("storage_pool");
  disk.size = device_text(reader, "disk_size", disk.size);
  disk.cache_mode = device_text(reader, "cache_mode", disk.cache_mode);
  disk.format = device_text(reader, "format", disk.format);
  disk.asyncio = device_text(reader, "asyncio", disk.asyncio);
  disk.io_thread = reader.boolean("io_thread");
  disk.exclude_from_backup = reader.boolean("exclude_from_backup");
  disk.discard = reader.boolean("discard");
  disk.ssd = reader.boolean("ssd");
  const auto fault = [&](const std::string& text) {
    findings.errors.push_back(fmt::format("disks[{}]: {}", number, text));
  };
  if (disk.storage_pool.empty()) fault("storage_pool must be specified");
  if (reader.has("storage_pool_type")) {
    findings.warnings.push_back(
        fmt::format("disks[{}]: storage_pool_type is deprecated and has no effect", number));
  }
  if (!steps::is_placeholder(disk.size)) {
    const Result<int64_t> size = parse_disk_size(disk.size);
    if (!size) fault(size.error().message);
  }
  if (disk.io_thread && (disk.type == "ide" || disk.type == "sata")) {
    fault("io_thread needs a disk of type scsi or virtio");
  } else if (disk.io_thread && config.scsi_controller != "virtio-scsi-single") {
    fault("io_thread needs scsi_controller = \"virtio-scsi-single\"");
  }
  if (disk.ssd && disk.type == "virtio") fault("ssd cannot be used with a disk of type virtio");
  reader.require_one_of("asyncio", {"native", "threads", "io_uring"});
  config.disks.push_back(std::move(disk));
}

void read_nic(const value::Value& block, size_t number, ProxmoxConfig& config,
              Findings& findings) {
  const ConfigReader reader(block, findings);
  NicOptions nic;
  nic.model = device_text(reader, "model", nic.model);
  nic.mac_address = reader.string("mac_address");
  nic.bridge = reader.string("bridge");
  nic.vlan_tag = reader.string("vlan_tag");
  nic.packet_queues = reader.integer("packet_queues");
  nic.mtu = reader.integer("mtu");
  nic.firewall = reader.boolean("firewall");
  const auto fault = [&](const std::string& text) {
    findings.errors.push_back(fmt::format("network_adapters[{}]: {}", number, text));
  };
  if (nic.bridge.empty()) fault("bridge must be specified");
  if (nic.packet_queues > 0 && nic.model != "virtio") {
    fault("packet_queues can only be set for model virtio");
  }
  if (nic.mtu < 0 || nic.mtu > kLargestMtu) {
    fault(fmt::format("mtu must be in the range 0-{}", kLargestMtu));
  }
  config.nics.push_back(std::move(nic));
}

void check_pci(const PciOptions& pci, size_t number, const ProxmoxConfig& config,
               Findings& findings) {
  const auto fault = [&](const std::string& text) {
    findings.errors.push_back(fmt::format("pci_devices[{}]: {}", number, text));
  };
  if (pci.host.empty() == pci.mapping.empty()) fault("exactly one of host and mapping is needed");
  if (!pci.host.empty() && !steps::is_placeholder(pci.host) && !is_pci_address(pci.host)) {
    fault(fmt::format("host \"{}\" is no PCI address like 0000:01:00.0", pci.host));
  }
  struct Id {
    const char* name;
    const std::string& value;
  };
  for (const Id& id : {Id{"device_id", pci.device_id}, Id{"vendor_id", pci.vendor_id},
                       Id{"sub_device_id", pci.sub_device_id},
                       Id{"sub_vendor_id", pci.sub_vendor_id}}) {
    if (id.value.empty() || steps::is_placeholder(id.value) || is_pci_id(id.value)) continue;
    fault(fmt::format("{} \"{}\" is no PCI id like 0x8086", id.name, id.value));
  }
  if (pci.pcie && config.machine.find("q35") == std::string::npos) {
    fault("pcie needs machine = \"q35\"");
  }
  if (!pci.legacy_igd) return;
  if (config.machine != "pc" && !config.machine.starts_with("pc-i440fx")) {
    fault("legacy_igd needs a machine of type pc-i440fx");
  }
  if (config.vga.type != "none") fault("legacy_igd needs vga type none");
}

void read_pci(const value::Value& block, size_t number, ProxmoxConfig& config,
              Findings& findings) {
  const ConfigReader reader(block, findings);
  PciOptions pci;
  pci.host = reader.string("host");
  pci.mapping = reader.string("mapping");
  pci.device_id = reader.string("device_id");
  pci.mdev = reader.string("mdev");
  pci.romfile = reader.string("romfile");
  pci.sub_device_id = reader.string("sub_device_id");
  pci.sub_vendor_id = reader.string("sub_vendor_id");
  pci.vendor_id = reader.string("vendor_id");
  pci.legacy_igd = reader.boolean("legacy_igd");
  pci.pcie = reader.boolean("pcie");
  pci.hide_rombar = reader.boolean("hide_rombar");
  pci.x_vga = reader.boolean("x_vga");
  check_pci(pci, number, config, findings);
  config.pci_devices.push_back(std::move(pci));
}

void read_efi(const ConfigReader& reader, ProxmoxConfig& config) {
  Findings& findings = reader.findings();
  const std::string pool = reader.string("efidisk");
  const std::vector<value::Value> blocks = reader.blocks("efi_config");
  if (!pool.empty()) {
    config.efi.storage_pool = pool;
    findings.warnings.push_back("efidisk is deprecated: use an efi_config block");
    if (!blocks.empty()) {
      findings.errors.push_back("efidisk and efi_config cannot be used together");
    }
  }
  for (const value::Value& block : blocks) {
    const ConfigReader inner(block, findings);
    config.efi.storage_pool = inner.string("efi_storage_pool");
    config.efi.format = inner.string("efi_format");
    config.efi.type = device_text(inner, "efi_type", config.efi.type);
    config.efi.pre_enrolled_keys = inner.boolean("pre_enrolled_keys");
    if (config.efi.storage_pool.empty()) {
      findings.errors.push_back("efi_config: efi_storage_pool must be specified");
    }
  }
}

void read_singles(const ConfigReader& reader, ProxmoxConfig& config) {
  Findings& findings = reader.findings();
  for (const value::Value& block : reader.blocks("tpm_config")) {
    const ConfigReader inner(block, findings);
    config.tpm.storage_pool = inner.string("tpm_storage_pool");
    config.tpm.version = device_text(inner, "tpm_version", config.tpm.version);
    if (config.tpm.storage_pool.empty()) {
      findings.errors.push_back("tpm_config: tpm_storage_pool must be specified");
    }
    inner.require_one_of("tpm_version", {"v1.2", "v2.0"});
  }
  for (const value::Value& block : reader.blocks("rng0")) {
    const ConfigReader inner(block, findings);
    config.rng.source = inner.string("source");
    config.rng.max_bytes = inner.integer("max_bytes");
    config.rng.period = inner.integer("period");
    const bool known = config.rng.source == "/dev/urandom" || config.rng.source == "/dev/random" ||
                       config.rng.source == "/dev/hwrng";
    if (!known && !steps::is_placeholder(config.rng.source)) {
      findings.errors.push_back(
          "rng0: source must be one of /dev/urandom, /dev/random, /dev/hwrng");
    }
    if (config.rng.max_bytes < 0) findings.errors.push_back("rng0: max_bytes must not be negative");
    if (config.rng.period < 0) findings.errors.push_back("rng0: period must not be negative");
  }
  for (const value::Value& block : reader.blocks("vga")) {
    const ConfigReader inner(block, findings);
    config.vga.type = inner.string("type");
    config.vga.memory = inner.integer("memory");
  }
  config.serials = reader.strings("serials");
  if (config.serials.size() > kMostSerials) {
    findings.errors.push_back(fmt::format("at most {} serials can be defined", kMostSerials));
  }
  for (const std::string& serial : config.serials) {
    if (serial == "socket" || serial.starts_with("/dev/") || steps::is_placeholder(serial)) {
      continue;
    }
    findings.errors.push_back(
        fmt::format("serials: \"{}\" is neither \"socket\" nor a device /dev/...", serial));
  }
}

}  // namespace

Result<int64_t> parse_disk_size(const std::string& text) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const Error error = invalid_input(fmt::format(
      "disk_size \"{}\" must be an integer followed by T, G, M or K, like 20G", text));
  if (parsed.ec != std::errc() || number <= 0 || end - parsed.ptr != 1) return error;
  int64_t factor = 1;
  switch (*parsed.ptr) {
    case 'K': factor = 1; break;
    case 'M': factor = 1024; break;
    case 'G': factor = 1024 * 1024; break;
    case 'T': factor = 1024 * 1024 * 1024; break;
    default: return error;
  }
  if (number > INT64_MAX / factor) return error;
  return number * factor;
}

int last_slot(const std::string& bus) {
  if (bus == "ide") return 3;
  if (bus == "sata") return 5;
  if (bus == "scsi") return 30;
  return bus == "virtio" ? 15 : -1;
}

void read_devices(const ConfigReader& reader, ProxmoxConfig& config) {
  Findings& findings = reader.findings();
  size_t number = 0;
  for (const value::Value& block : reader.blocks("disks")) {
    read_disk(block, number++, config, findings);
  }
  number = 0;
  for (const value::Value& block : reader.blocks("network_adapters")) {
    read_nic(block, number++, config, findings);
  }
  read_efi(reader, config);
  read_singles(reader, config);
  number = 0;
  for (const value::Value& block : reader.blocks("pci_devices")) {
    read_pci(block, number++, config, findings);
  }
}

}  // namespace farm::builders::platform_proxmox
