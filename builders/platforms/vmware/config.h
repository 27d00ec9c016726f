// Options of vmware-iso and vmware-vmx, decoded and checked. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/communicators/communicator_options.h"
#include "builders/core/component.h"
#include "builders/steps/boot_options.h"
#include "builders/steps/http_options.h"
#include "builders/steps/iso_options.h"
#include "builders/steps/media_options.h"
#include "builders/steps/shutdown_options.h"

namespace farm::builders::vmware {

/// A serial or parallel port: "FILE:path", "PIPE:path,client,vm", "AUTO", "NONE".
struct PortSpec {
  enum class Kind { None, Auto, File, Device, Pipe };
  Kind kind = Kind::None;
  std::string path;
  bool server = false;      // pipe: our end listens
  bool application = false;  // pipe: the other end is a program, not a machine
  bool yield = false;
  bool bidirectional = false;  // parallel
};
Result<PortSpec> parse_serial(const std::string& text);
Result<PortSpec> parse_parallel(const std::string& text);

struct VmwareHardware {
  std::string firmware;
  int64_t cpus = 0;
  int64_t cores = 0;
  int64_t memory = 512;
  std::string network = "nat";
  std::string network_name;
  std::string adapter;
  bool sound = false;
  bool usb = false;
  std::string usb_version = "3.1";
  PortSpec serial;
  PortSpec parallel;
};

struct VmwareDisks {
  int64_t size_mb = 40000;
  std::vector<int64_t> additional_mb;
  std::string adapter = "lsilogic";
  std::string name = "disk";
  std::string type_id = "1";
};

struct VmwareTools {
  std::string mode;  // upload, attach, disable or empty
  std::string source_path;
  std::string flavor;
  std::string upload_path = "{{ .Flavor }}.iso";  // rendered late
};

struct VmwareExport {
  std::string format = "vmx";
  std::vector<std::string> options;
  bool skip = false;
  bool skip_compaction = false;
  bool wanted() const { return !skip && format != "vmx"; }
};

/// What both builders have.
struct VmwareOptions {
  steps::HttpOptions http;
  steps::FloppyOptions floppy;
  steps::CdOptions cd;
  steps::BootOptions boot;
  steps::ShutdownOptions shutdown;
  CommunicatorOptions communicator;
  VmwareDisks disks;
  VmwareTools tools;
  VmwareExport exported;
  std::map<std::string, std::string> vmx_data;
  std::map<std::string, std::string> vmx_data_post;
  bool remove_ethernet = false;
  std::string display_name;
  std::string fusion_app_path;  // empty: VMware Workstation
  std::string output_directory;
  std::string vm_name;
  std::string snapshot_name;
  std::string cdrom_adapter;
  std::string guest_os_type;
  int64_t version = 21;
  bool headless = false;
  std::string vnc_bind_address = "127.0.0.1";
  uint16_t vnc_port_min = 5900;
  uint16_t vnc_port_max = 6000;
  bool vnc_disable_password = false;
};

struct VmwareIsoConfig {
  VmwareOptions options;
  steps::IsoOptions iso;
  VmwareHardware hardware;
  std::string vmx_template_path;
  std::string vmx_disk_template_path;
  bool nested_virtualization = false;

  static VmwareIsoConfig decode(const value::Value& config, const PrepareContext& context,
                                Findings& findings);
};

struct VmwareVmxConfig {
  VmwareOptions options;
  std::string source_path;
  bool linked = false;
  std::string attach_snapshot;

  static VmwareVmxConfig decode(const value::Value& config, const PrepareContext& context,
                                Findings& findings);
};

}  // namespace farm::builders::vmware
