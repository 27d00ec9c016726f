#include "builders/platforms/qemu/config.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/core/config_check.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr const char* kOvmfCode = "/usr/share/OVMF/OVMF_CODE.fd";
constexpr const char* kOvmfVars = "/usr/share/OVMF/OVMF_VARS.fd";

// Digits and at most one of b k m g t, in any case.
bool is_size(const std::string& text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || text.size() > digits + 1) return false;
  return text.size() == digits || std::string("bkmgtBKMGT").find(text.back()) != std::string::npos;
}

std::string with_unit(const std::string& size) {
  const bool bare = !size.empty() && size.find_first_not_of("0123456789") == std::string::npos;
  return bare ? size + "M" : size;
}

// As given, or `other` when unset; unlike ConfigReader::string an empty text is "unset" too.
std::string text_or(const ConfigReader& reader, const char* name, std::string other) {
  std::string text = reader.string(name);
  return text.empty() ? other : text;
}

void read_disk(const ConfigReader& reader, QemuConfig& config) {
  Findings& findings = reader.findings();
  DiskOptions& disk = config.disk;
  const std::string size = reader.string("disk_size");
  if (!size.empty() && size != "0") disk.size = with_unit(size);
  if (!is_size(disk.size) && !steps::is_placeholder(disk.size)) {
    findings.errors.push_back(fmt::format("Invalid disk size: disk_size \"{}\"", size));
  }
  for (const std::string& extra : reader.strings("disk_additional_size")) {
    disk.additional_sizes.push_back(with_unit(extra));
    if (!is_size(extra) && !steps::is_placeholder(extra)) {
      findings.errors.push_back(
          fmt::format("Invalid disk size: disk_additional_size \"{}\"", extra));
    }
  }
  disk.interface = text_or(reader, "disk_interface", disk.interface);
  disk.cache = text_or(reader, "disk_cache", disk.cache);
  disk.discard = text_or(reader, "disk_discard", disk.discard);
  disk.detect_zeroes = text_or(reader, "disk_detect_zeroes", disk.detect_zeroes);
  disk.format = text_or(reader, "format", disk.format);
  disk.compression = reader.boolean("disk_compression");
  disk.skip_compaction = reader.boolean("skip_compaction");
  disk.skip_resize = reader.boolean("skip_resize_disk");
  config.disk_image = reader.boolean("disk_image");
  config.use_backing_file = reader.boolean("use_backing_file");
  reader.require_one_of("disk_cache",
                        {"writethrough", "writeback", "none", "unsafe", "directsync"});
  reader.require_one_of("disk_discard", {"unmap", "ignore"});
  reader.require_one_of("disk_detect_zeroes", {"unmap", "on", "off"});
}

void check_disk(QemuConfig& config, Findings& findings) {
  DiskOptions& disk = config.disk;
  const std::vector<std::string> interfaces = {"ide", "sata", "scsi", "sd", "virtio", "virtio-scsi"};
  if (std::find(interfaces.begin(), interfaces.end(), disk.interface) == interfaces.end()) {
    findings.errors.push_back(fmt::format(
        "unrecognized disk interface type \"{}\" (one of ide, sata, scsi, sd, virtio, virtio-scsi)",
        disk.interface));
  }
  if (disk.format != "qcow2" && disk.format != "raw") {
    findings.errors.push_back("invalid format, only 'qcow2' or 'raw' are allowed");
  }
  if (config.use_backing_file && !(config.disk_image && disk.format == "qcow2")) {
    findings.errors.push_back(
        "use_backing_file can only be enabled for QCOW2 images and when disk_image is true");
  }
  if (disk.skip_resize && !config.disk_image) {
    findings.errors.push_back("skip_resize_disk can only be used when disk_image is true");
  }
  if (disk.format != "qcow2") disk.compression = false;
  if (disk.format != "qcow2" || config.use_backing_file) disk.skip_compaction = true;
}

void read_machine(const ConfigReader& reader, QemuConfig& config) {
  Findings& findings = reader.findings();
  config.qemu_binary = text_or(reader, "qemu_binary", config.qemu_binary);
  config.accelerator = reader.string("accelerator");
  config.machine_type = text_or(reader, "machine_type", config.machine_type);
  config.cpu_model = reader.string("cpu_model");
  config.memory = reader.integer("memory");
  if (config.memory < 10) config.memory = 512;
  const std::vector<std::string> accelerators = {"none", "kvm", "tcg", "xen", "hax", "hvf", "whpx"};
  if (!config.accelerator.empty() &&
      std::find(accelerators.begin(), accelerators.end(), config.accelerator) ==
          accelerators.end()) {
    findings.errors.push_back(
        "invalid accelerator, only 'kvm', 'tcg', 'xen', 'hax', 'hvf', 'whpx', or 'none' are "
        "allowed");
  }
  struct Count {
    const char* name;
    int64_t& value;
  };
  for (const Count& count : {Count{"cpus", config.cpu.cpus}, Count{"sockets", config.cpu.sockets},
                             Count{"cores", config.cpu.cores},
                             Count{"threads", config.cpu.threads}}) {
    count.value = reader.integer(count.name);
    if (count.value < 0 || count.value > 65535) {
      findings.errors.push_back(fmt::format("{} must be between 0 and 65535", count.name));
    }
  }
  config.firmware = reader.string("firmware");
  config.use_pflash = reader.boolean("use_pflash");
  config.cdrom_interface = reader.string("cdrom_interface");
  config.tpm.enabled = reader.boolean("vtpm");
  config.tpm.version_1 = reader.boolean("use_tpm1");
  config.tpm.device_type = text_or(reader, "tpm_device_type", config.tpm.device_type);
}

void read_efi(const ConfigReader& reader, QemuConfig& config) {
  config.efi.code = reader.string("efi_firmware_code");
  config.efi.vars = reader.string("efi_firmware_vars");
  config.efi.drop_vars = reader.boolean("efi_drop_efivars");
  config.efi.enabled =
      reader.boolean("efi_boot") || !config.efi.code.empty() || !config.efi.vars.empty();
  if (!config.efi.enabled) return;
  if (config.efi.code.empty()) config.efi.code = kOvmfCode;
  if (config.efi.vars.empty()) config.efi.vars = kOvmfVars;
}

void read_display(const ConfigReader& reader, QemuConfig& config) {
  Findings& findings = reader.findings();
  config.headless = reader.boolean("headless");
  config.display = reader.string("display");
  config.use_default_display = reader.boolean("use_default_display");
  config.vga = reader.string("vga");
  VncOptions& vnc = config.vnc;
  vnc.bind_address = text_or(reader, "vnc_bind_address", vnc.bind_address);
  vnc.use_password = reader.boolean("vnc_use_password");
  vnc.password = reader.string("vnc_password");
  const int64_t low = reader.integer("vnc_port_min", vnc.port_min);
  const int64_t high = reader.integer("vnc_port_max", vnc.port_max);
  if (low < 5900) findings.errors.push_back("vnc_port_min cannot be below 5900");
  if (low > 65535 || high > 65535) {
    findings.errors.push_back("vnc_port_min and vnc_port_max must both be below 65535 to be valid");
  }
  if (low > high) findings.errors.push_back("vnc_port_min must be less than vnc_port_max");
  if (low >= 5900 && low <= high && high <= 65535) {
    vnc.port_min = static_cast<uint16_t>(low);
    vnc.port_max = static_cast<uint16_t>(high);
  }
  if (vnc.password.size() > 8) {
    findings.errors.push_back("vnc_password must not be longer than 8 characters");
  }
}

void read_network(const ConfigReader& reader, QemuConfig& config) {
  config.net_device = text_or(reader, "net_device", config.net_device);
  config.net_bridge = reader.string("net_bridge");
  config.skip_nat_mapping = reader.boolean("skip_nat_mapping");
  const bool old_names = reader.has("ssh_host_port_min") || reader.has("ssh_host_port_max");
  if (old_names) {
    reader.findings().warnings.push_back(
        "ssh_host_port_min and ssh_host_port_max are deprecated: use host_port_min and "
        "host_port_max");
    steps::read_port_range(reader, "ssh_host_port", config.host_port_min, config.host_port_max);
  }
  steps::read_port_range(reader, "host_port", config.host_port_min, config.host_port_max);
}

void read_places(const ConfigReader& reader, const PrepareContext& context, QemuConfig& config) {
  config.vm_name = text_or(reader, "vm_name", "packer-" + context.render.build_name);
  config.output_directory =
      text_or(reader, "output_directory", "output-" + context.render.build_name);
  config.qmp_enable =
      reader.boolean("qmp_enable") || !config.net_bridge.empty() || config.vnc.use_password;
  config.qmp_socket_path = text_or(reader, "qmp_socket_path",
                                   config.output_directory + "/" + config.vm_name + ".monitor");
  if (config.vm_name.find('/') != std::string::npos) {
    reader.findings().errors.push_back(
        fmt::format("vm_name \"{}\" must not contain a slash", config.vm_name));
  }
  const std::string output = io::join_path(context.working_directory, config.output_directory);
  if (!context.force && !steps::is_placeholder(output) && io::exists(output)) {
    reader.findings().errors.push_back(fmt::format(
        "output directory '{}' already exists. It must not exist.", config.output_directory));
  }
}

void read_arguments(const ConfigReader& reader, QemuConfig& config) {
  config.qemuargs = reader.string_lists("qemuargs");
  for (const auto& entry : config.qemuargs) {
    if (entry.empty() || entry[0].empty()) {
      reader.findings().errors.push_back("qemuargs: every entry must start with a flag");
    }
  }
  for (const value::Value& block : reader.blocks("qemu_img_args")) {
    const ConfigReader inner(block, reader.findings());
    config.qemu_img.convert = inner.strings("convert");
    config.qemu_img.create = inner.strings("create");
    config.qemu_img.resize = inner.strings("resize");
  }
}

}  // namespace

QemuConfig QemuConfig::decode(const value::Value& value, const PrepareContext& context,
                              Findings& findings) {
  QemuConfig config;
  const ConfigReader reader(value, findings);
  config.iso = steps::read_iso_options(reader, context);
  config.http = steps::read_http_options(reader, context);
  config.boot = steps::read_boot_options(reader, context);
  config.floppy = steps::read_floppy_options(reader, context);
  config.cd = steps::read_cd_options(reader, context);
  config.shutdown = steps::read_shutdown_options(reader);
  config.communicator = CommunicatorOptions::decode(value, context, {}, findings);
  read_disk(reader, config);
  check_disk(config, findings);
  read_machine(reader, config);
  read_efi(reader, config);
  read_display(reader, config);
  read_network(reader, config);
  read_places(reader, context, config);
  read_arguments(reader, config);
  config.iso_skip_cache = reader.boolean("iso_skip_cache");
  if (config.iso_skip_cache) config.iso.checksum = "none";
  if (reader.has("run_once")) findings.warnings.push_back("run_once is deprecated: no effect");
  return config;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Builder, "qemu",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               QemuConfig::decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::platform_qemu
