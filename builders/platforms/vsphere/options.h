// Options that vsphere-iso and vsphere-clone share: where the machine goes, its hardware, its
// media, how its address is found and what becomes of it. Pure, so that farmctl validates with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "builders/communicators/communicator_options.h"
#include "builders/core/component.h"
#include "builders/steps/boot_options.h"
#include "builders/steps/http_options.h"
#include "builders/steps/media_options.h"
#include "builders/steps/shutdown_options.h"
#include "builders/steps/vsphere/connect_options.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::vsphere {

struct LocationOptions {
  std::string vm_name;
  std::string folder;
  std::string cluster;
  std::string host;
  std::string resource_pool;
  std::string datastore;
  std::string datastore_cluster;
  bool uploads_through_host = false;
};

struct PciDevice {
  int64_t vendor = 0;
  int64_t device = 0;
  std::optional<int64_t> sub_vendor;
  std::optional<int64_t> sub_device;
};

/// Zero and empty: as the guest type or the template has it.
struct HardwareOptions {
  int64_t cpus = 0;
  int64_t cores_per_socket = 0;
  int64_t cpu_reservation_mhz = 0;
  int64_t cpu_limit_mhz = 0;
  bool cpu_hot_plug = false;
  int64_t memory_mb = 0;
  int64_t memory_reservation_mb = 0;
  bool reserve_all_memory = false;
  bool memory_hot_plug = false;
  int64_t video_memory_kb = 0;
  int64_t displays = 0;
  std::vector<PciDevice> pci_devices;
  std::string vgpu_profile;
  std::optional<bool> nested_virtualization;
  std::string firmware;
  bool enter_bios_setup = false;
  bool tpm = false;
  std::string precision_clock = "none";
};

struct StorageOptions {
  struct Disk {
    int64_t size_mb = 0;
    bool thin = false;
    bool eagerly_scrubbed = false;
    size_t controller = 0;
  };
  std::vector<std::string> controllers;
  std::vector<Disk> disks;
};

struct FlagOptions {
  bool vbs = false;
  bool vvtd = false;
};

struct ParameterOptions {
  std::map<std::string, std::string> extra;
  std::optional<bool> sync_time;
  std::optional<bool> sync_time_periodically;
  bool upgrade_tools = false;
};

struct WaitAddressOptions {
  Duration timeout = std::chrono::minutes(30);
  Duration settle = std::chrono::seconds(5);
  std::string network = "0.0.0.0/0";  // CIDR; empty: any IPv4
};

struct ExportOptions {
  std::string name;
  bool force = false;
  bool image_files = false;
  std::string manifest = "sha256";
  std::string directory;
  uint32_t directory_mode = 0750;
  std::vector<std::string> options;
  std::string format = "ovf";
};

struct LibraryOptions {
  std::string library;
  std::string name;
  std::string description;
  std::string cluster;
  std::string folder;
  std::string host;
  std::string resource_pool;
  std::string datastore;
  bool destroy = false;
  bool ovf = false;
  bool skip_import = false;
  std::vector<std::string> ovf_flags;
};

/// What happens after provisioning.
struct FinishOptions {
  bool disable_shutdown = false;
  steps::ShutdownOptions shutdown;
  bool remove_cdrom = false;
  int64_t reattach_cdroms = 0;
  bool remove_network_adapter = false;
  bool create_snapshot = false;
  std::string snapshot_name = "Created By Packer";
  bool convert_to_template = false;
  std::optional<ExportOptions> exported;
  std::optional<LibraryOptions> library;
  bool destroy = false;
};

struct MachineOptions {
  ConnectOptions connect;
  LocationOptions location;
  HardwareOptions hardware;
  StorageOptions storage;
  FlagOptions flags;
  ParameterOptions parameters;
  std::string notes;

  std::string cdrom_type;  // ide or sata
  std::vector<std::string> iso_paths;
  steps::CdOptions cd;
  steps::FloppyOptions floppy;
  std::string floppy_image;

  std::string boot_order;
  steps::BootOptions boot;
  std::string http_ip;
  steps::HttpOptions http;
  WaitAddressOptions wait_address;
  CommunicatorOptions communicator;
  FinishOptions finish;
};

/// Reads and checks everything both builders have; `disks_required` for vsphere-iso.
MachineOptions read_machine_options(const value::Value& config, const PrepareContext& context,
                                    bool disks_required, Findings& findings);

/// vcenter_server, username, password and so on; the password may come late.
/// VSPHERE_SERVER, VSPHERE_USER, VSPHERE_PASSWORD and VSPHERE_ALLOW_UNVERIFIED_SSL (1, true) stand in for
/// what the template leaves out.
ConnectOptions read_connect_options(const ConfigReader& reader, const Environment& environment);

/// The network part of an IPv4 or IPv6 CIDR block. InvalidInput: no such block.
struct AddressBlock {
  bool v6 = false;
  std::string bytes;  // 4 or 16, network order
  int prefix = 0;
  /// Whether `address` (text) lies inside.
  bool contains(const std::string& address) const;
};
Result<AddressBlock> parse_address_block(const std::string& text);

}  // namespace farm::builders::vsphere
