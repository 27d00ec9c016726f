// QemuConfig: the decoded and checked options of the qemu builder. Pure: farmctl and the
// coordinator validate with it, the steps read it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builders/communicators/communicator_options.h"
#include "builders/core/component.h"
#include "builders/steps/boot_options.h"
#include "builders/steps/http_options.h"
#include "builders/steps/iso_options.h"
#include "builders/steps/media_options.h"
#include "builders/steps/shutdown_options.h"

namespace farm::builders::platform_qemu {

struct DiskOptions {
  std::string size = "40960M";
  std::vector<std::string> additional_sizes;
  std::string interface = "virtio";
  std::string cache = "writeback";
  std::string discard = "ignore";
  std::string detect_zeroes = "off";
  std::string format = "qcow2";
  bool compression = false;
  bool skip_compaction = false;
  bool skip_resize = false;
};

struct CpuOptions {
  int64_t cpus = 0;
  int64_t sockets = 0;
  int64_t cores = 0;
  int64_t threads = 0;
};

struct EfiOptions {
  bool enabled = false;
  std::string code;
  std::string vars;
  bool drop_vars = false;
};

struct VncOptions {
  std::string bind_address = "127.0.0.1";
  bool use_password = false;
  std::string password;
  uint16_t port_min = 5900;
  uint16_t port_max = 6000;
};

struct TpmOptions {
  bool enabled = false;
  bool version_1 = false;
  std::string device_type = "tpm-tis";
};

struct QemuImgArguments {
  std::vector<std::string> convert;
  std::vector<std::string> create;
  std::vector<std::string> resize;
};

struct QemuConfig {
  steps::IsoOptions iso;
  steps::HttpOptions http;
  steps::BootOptions boot;
  steps::FloppyOptions floppy;
  steps::CdOptions cd;
  steps::ShutdownOptions shutdown;
  CommunicatorOptions communicator;

  DiskOptions disk;
  CpuOptions cpu;
  EfiOptions efi;
  VncOptions vnc;
  TpmOptions tpm;
  QemuImgArguments qemu_img;

  std::string qemu_binary = "qemu-system-x86_64";
  std::string accelerator;  // empty: chosen when the build runs
  std::string machine_type = "pc";
  std::string cpu_model;
  int64_t memory = 512;  // MiB
  std::string net_device = "virtio-net";
  std::string net_bridge;
  std::string vm_name;
  std::string output_directory;  // as the template has it
  std::string firmware;
  bool use_pflash = false;
  bool headless = false;
  std::string display;
  bool use_default_display = false;
  std::string vga;
  std::string cdrom_interface;
  bool disk_image = false;
  bool use_backing_file = false;
  bool iso_skip_cache = false;
  bool skip_nat_mapping = false;
  uint16_t host_port_min = 2222;
  uint16_t host_port_max = 4444;
  bool qmp_enable = false;
  std::string qmp_socket_path;
  /// [flag, value...]; rendered late.
  std::vector<std::vector<std::string>> qemuargs;

  /// Findings collects everything that is wrong.
  static QemuConfig decode(const value::Value& config, const PrepareContext& context,
                           Findings& findings);
};

}  // namespace farm::builders::platform_qemu
