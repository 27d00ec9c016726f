// ProxmoxConfig: the decoded and checked options of proxmox-iso and proxmox-clone. Pure: farmctl and
// the coordinator validate with it, the steps read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "builders/communicators/communicator_options.h"
#include "builders/core/component.h"
#include "builders/platforms/proxmox/access.h"
#include "builders/steps/boot_options.h"
#include "builders/steps/http_options.h"
#include "builders/steps/iso_options.h"
#include "builders/steps/media_options.h"

namespace farm::builders::platform_proxmox {

enum class Kind { Iso, Clone };

/// A CD drive: one medium out of several sources.
struct IsoSource {
  std::string type;  // ide, sata, scsi
  std::optional<int> index;
  std::string iso_file;  // STORAGE:iso/NAME, there already
  std::string storage_pool;
  bool download_on_node = false;
  bool unmount = false;
  bool keep_device = false;
  steps::IsoOptions iso;  // no urls: none
  steps::CdOptions cd;
};

struct DiskOptions {
  std::string type = "scsi";
  std::string storage_pool;
  std::string size = "20G";
  std::string cache_mode = "none";
  std::string format = "raw";
  std::string asyncio = "io_uring";
  bool io_thread = false;
  bool exclude_from_backup = false;
  bool discard = false;
  bool ssd = false;
};

struct NicOptions {
  std::string model = "e1000";
  std::string mac_address;  // empty: random; "repeatable"
  std::string bridge;
  std::string vlan_tag;
  int64_t packet_queues = 0;
  int64_t mtu = 0;
  bool firewall = false;
};

struct PciOptions {
  std::string host;
  std::string mapping;
  std::string device_id;
  std::string mdev;
  std::string romfile;
  std::string sub_device_id;
  std::string sub_vendor_id;
  std::string vendor_id;
  bool legacy_igd = false;
  bool pcie = false;
  bool hide_rombar = false;
  bool x_vga = false;
};

struct EfiOptions {
  std::string storage_pool;  // empty: no EFI disk
  std::string format;
  std::string type = "4m";
  bool pre_enrolled_keys = false;
};

struct RngOptions {
  std::string source;  // empty: none
  int64_t max_bytes = 0;
  int64_t period = 0;
};

struct TpmOptions {
  std::string storage_pool;  // empty: none
  std::string version = "v2.0";
};

struct VgaOptions {
  std::string type;
  int64_t memory = 0;
};

struct CloudInitOptions {
  bool drive = false;
  std::string storage_pool;
  std::string disk_type = "ide";
  std::optional<bool> disable_upgrade;
};

struct IpConfig {
  std::string ip;
  std::string gateway;
  std::string ip6;
  std::string gateway6;
};

struct CloneOptions {
  std::string source_name;
  int64_t source_id = 0;
  bool full = true;
  std::vector<std::string> nameservers;
  std::string searchdomain;
  std::vector<IpConfig> ipconfigs;
};

struct ProxmoxConfig {
  Kind kind = Kind::Iso;
  Access access;
  steps::HttpOptions http;
  steps::BootOptions boot;
  CommunicatorOptions communicator;

  std::string node;  // empty: the one with most free memory
  std::string pool;
  std::string vm_name;  // empty: packer-<uuid>
  int64_t vm_id = 0;    // 0: the next free one
  std::string tags;
  std::string boot_order;
  int64_t memory = 512;
  int64_t ballooning_minimum = 0;
  int64_t cores = 1;
  int64_t sockets = 1;
  std::string cpu_type = "kvm64";
  bool numa = false;
  std::string os = "other";
  std::string bios;
  std::string machine;
  EfiOptions efi;
  RngOptions rng;
  TpmOptions tpm;
  VgaOptions vga;
  std::vector<NicOptions> nics;
  std::vector<DiskOptions> disks;
  std::vector<PciOptions> pci_devices;
  std::vector<std::string> serials;
  bool qemu_agent = true;
  std::string scsi_controller = "lsi";
  bool onboot = false;
  bool disable_kvm = false;
  std::string template_name;
  std::string template_description;
  bool skip_convert_to_template = false;
  CloudInitOptions cloud_init;
  /// The boot ISO first (proxmox-iso), then the additional ones.
  std::vector<IsoSource> isos;
  std::string vm_interface;
  std::string additional_arguments;
  CloneOptions clone;

  /// What the finished template is called; empty: as the machine.
  const std::string& final_name() const { return template_name.empty() ? vm_name : template_name; }

  /// Findings collects everything that is wrong.
  static ProxmoxConfig decode(Kind kind, const value::Value& config,
                              const PrepareContext& context, Findings& findings);
};

/// The parts of decode(), by what they are about.
void read_isos(const ConfigReader& reader, const PrepareContext& context, ProxmoxConfig& config);
void read_devices(const ConfigReader& reader, ProxmoxConfig& config);
void read_clone(const ConfigReader& reader, ProxmoxConfig& config);

/// Size of a disk in KiB: an integer and T, G, M or K. InvalidInput otherwise.
Result<int64_t> parse_disk_size(const std::string& text);
/// Highest slot of a bus: ide 3, sata 5, scsi 30, virtio 15.
int last_slot(const std::string& bus);

}  // namespace farm::builders::platform_proxmox
