#include "builders/platforms/proxmox/parameters.h"

#include <fmt/format.h>

#include "common/net/http/client.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr int64_t kKibPerGib = 1024 * 1024;
constexpr const char* kTinyDisk = "0.001";

// "a=1,b=2": how the API takes a device in one text.
class Property {
 public:
  explicit Property(std::string first) : text_(std::move(first)) {}
  Property() = default;

  void add(const char* key, const std::string& value) {
    if (value.empty()) return;
    if (!text_.empty()) text_ += ',';
    text_ += std::string(key) + "=" + value;
  }
  void add(const char* key, int64_t value) { add(key, std::to_string(value)); }
  void add_if(bool condition, const char* key, const char* value) {
    if (condition) add(key, value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

const char* flag(bool on) { return on ? "1" : "0"; }

void add_number(Parameters& form, const char* name, int64_t value) {
  form.emplace_back(name, std::to_string(value));
}

std::string nic_text(const NicOptions& nic, const std::string& mac) {
  Property property(nic.model + "=" + mac);
  property.add("bridge", nic.bridge);
  property.add("tag", nic.vlan_tag);
  property.add_if(nic.firewall, "firewall", "1");
  if (nic.mtu > 0) property.add("mtu", nic.mtu);
  if (nic.packet_queues > 0) property.add("queues", nic.packet_queues);
  return property.text();
}

std::string disk_text(const DiskOptions& disk, const std::string& size) {
  Property property(disk.storage_pool + ":" + size);
  property.add("aio", disk.asyncio);
  property.add("cache", disk.cache_mode);
  property.add_if(disk.discard, "discard", "on");
  property.add("format", disk.format);
  property.add_if(disk.io_thread, "iothread", "1");
  property.add_if(disk.exclude_from_backup, "backup", "0");
  property.add_if(disk.ssd, "ssd", "1");
  property.add("replicate", "0");
  return property.text();
}

std::string pci_text(const PciOptions& pci) {
  Property property;
  property.add("host", pci.host);
  property.add("mapping", pci.mapping);
  property.add("device-id", pci.device_id);
  property.add_if(pci.legacy_igd, "legacy-igd", "1");
  property.add("mdev", pci.mdev);
  property.add_if(pci.pcie, "pcie", "1");
  property.add_if(pci.hide_rombar, "rombar", "0");
  property.add("romfile", pci.romfile);
  property.add("sub-device-id", pci.sub_device_id);
  property.add("sub-vendor-id", pci.sub_vendor_id);
  property.add("vendor-id", pci.vendor_id);
  property.add_if(pci.x_vga, "x-vga", "1");
  return property.text();
}

void add_hardware(Parameters& form, const ProxmoxConfig& config) {
  form.emplace_back("agent", flag(config.qemu_agent));
  form.emplace_back("kvm", flag(!config.disable_kvm));
  add_number(form, "memory", config.memory);
  if (config.ballooning_minimum > 0) add_number(form, "balloon", config.ballooning_minimum);
  add_number(form, "cores", config.cores);
  add_number(form, "sockets", config.sockets);
  form.emplace_back("numa", flag(config.numa));
  form.emplace_back("cpu", config.cpu_type);
  form.emplace_back("ostype", config.os);
  form.emplace_back("bios", config.bios);
  form.emplace_back("machine", config.machine);
  form.emplace_back("boot", config.boot_order);
  form.emplace_back("scsihw", config.scsi_controller);
  form.emplace_back("onboot", flag(config.onboot));
  form.emplace_back("args", config.additional_arguments);
}

void add_singles(Parameters& form, const ProxmoxConfig& config) {
  if (!config.tpm.storage_pool.empty()) {
    form.emplace_back("tpmstate0",
                      config.tpm.storage_pool + ":1,version=" + config.tpm.version);
  }
  if (!config.rng.source.empty()) {
    Property rng("source=" + config.rng.source);
    if (config.rng.max_bytes > 0) rng.add("max_bytes", config.rng.max_bytes);
    if (config.rng.period > 0) rng.add("period", config.rng.period);
    form.emplace_back("rng0", rng.text());
  }
  Property vga;
  vga.add("type", config.vga.type);
  if (config.vga.memory > 0) vga.add("memory", config.vga.memory);
  form.emplace_back("vga", vga.text());
  for (size_t i = 0; i < config.pci_devices.size(); ++i) {
    form.emplace_back(fmt::format("hostpci{}", i), pci_text(config.pci_devices[i]));
  }
  for (size_t i = 0; i < config.serials.size(); ++i) {
    form.emplace_back(fmt::format("serial{}", i), config.serials[i]);
  }
}

Result<void> add_disks(MachineParameters& made, const ProxmoxConfig& config,
                       const Placement& placement) {
  for (size_t i = 0; i < config.disks.size(); ++i) {
    const DiskOptions& disk = config.disks[i];
    const std::string& slot = placement.slots.disks[i];
    const int64_t kib = TRY(parse_disk_size(disk.size));
    std::string size = std::to_string(kib / kKibPerGib);
    if (kib % kKibPerGib != 0) {
      size = kTinyDisk;
      made.growths.push_back({slot, disk.size});
    }
    made.form.emplace_back(slot, disk_text(disk, size));
  }
  for (size_t i = 0; i < config.isos.size(); ++i) {
    made.form.emplace_back(placement.slots.isos[i], placement.iso_volumes[i] + ",media=cdrom");
  }
  return {};
}

}  // namespace

std::string building_description(const std::string& mark) {
  return "Packer ephemeral build VM\n\n" + mark;
}

std::string building_tags(const std::string& tags, const std::string& mark) {
  return (tags.empty() ? "" : tags + ";") + "farm;" + mark;
}

std::string mac_address(const NicOptions& nic, int64_t machine, size_t number, Random& random) {
  if (nic.mac_address == "repeatable") {
    const auto bits = static_cast<uint32_t>(machine) << 5 | static_cast<uint32_t>(number);
    return fmt::format("00:18:59:{:02X}:{:02X}:{:02X}", bits >> 16 & 255, bits >> 8 & 255,
                       bits & 255);
  }
  if (!nic.mac_address.empty()) return nic.mac_address;
  std::string mac;
  for (int i = 0; i < 6; ++i) {
    auto byte = static_cast<unsigned>(random.below(256));
    if (i == 0) byte = (byte & 0xFCU) | 0x02U;  // local, one receiver
    mac += fmt::format("{}{:02X}", i == 0 ? "" : ":", byte);
  }
  return mac;
}

std::string efi_disk(const ProxmoxConfig& config) {
  if (config.efi.storage_pool.empty()) return {};
  Property property(config.efi.storage_pool + ":1");
  property.add("efitype", config.efi.type);
  property.add("format", config.efi.format);
  property.add("pre-enrolled-keys", flag(config.efi.pre_enrolled_keys));
  return property.text();
}

Result<MachineParameters> machine_parameters(const ProxmoxConfig& config,
                                             const Placement& placement, Random& random) {
  MachineParameters made;
  made.form.emplace_back("name", placement.name);
  made.form.emplace_back("description", building_description(placement.mark));
  made.form.emplace_back("tags", building_tags(config.tags, placement.mark));
  add_hardware(made.form, config);
  for (size_t i = 0; i < config.nics.size(); ++i) {
    const NicOptions& nic = config.nics[i];
    made.form.emplace_back(fmt::format("net{}", i),
                           nic_text(nic, mac_address(nic, placement.id, i, random)));
  }
  add_singles(made.form, config);
  TRY(add_disks(made, config, placement));
  return made;
}

Parameters cloud_init_parameters(const ProxmoxConfig& config, const std::string& public_key) {
  Parameters form;
  form.emplace_back("ciuser", config.communicator.ssh.username);
  // The API wants the keys encoded before the form is, each with its line end.
  if (!public_key.empty()) form.emplace_back("sshkeys", net::percent_encode(public_key + "\n"));
  std::string servers;
  for (const std::string& server : config.clone.nameservers) {
    servers += (servers.empty() ? "" : " ") + server;
  }
  form.emplace_back("nameserver", servers);
  form.emplace_back("searchdomain", config.clone.searchdomain);
  for (size_t i = 0; i < config.clone.ipconfigs.size(); ++i) {
    const IpConfig& ip = config.clone.ipconfigs[i];
    Property property;
    property.add("ip", ip.ip);
    property.add("gw", ip.gateway);
    property.add("ip6", ip.ip6);
    property.add("gw6", ip.gateway6);
    form.emplace_back(fmt::format("ipconfig{}", i), property.text());
  }
  return form;
}

}  // namespace farm::builders::platform_proxmox
