#include "builders/platforms/vmware/config.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/core/config_check.h"
#include "builders/core/script.h"
#include "builders/platforms/vmware/esxi_advice.h"
#include "common/io/files.h"

namespace farm::builders::vmware {
namespace {

constexpr int64_t kLowestVersion = 19;  // virtual hardware of Workstation 16.2

std::string text_or(const ConfigReader& reader, const char* name, std::string other) {
  std::string text = reader.string(name);
  return text.empty() ? other : text;
}

void refuse(const ConfigReader& reader, std::string text) {
  reader.findings().errors.push_back(std::move(text));
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

VmwareHardware read_hardware(const ConfigReader& reader) {
  VmwareHardware hardware;
  hardware.firmware = reader.string("firmware");
  hardware.cpus = reader.integer("cpus");
  hardware.cores = reader.integer("cores");
  hardware.memory = reader.integer("memory", hardware.memory);
  hardware.network = text_or(reader, "network", hardware.network);
  hardware.network_name = reader.string("network_name");
  hardware.adapter = reader.string("network_adapter_type");
  hardware.sound = reader.boolean("sound");
  hardware.usb = reader.boolean("usb");
  hardware.usb_version = text_or(reader, "usb_version", hardware.usb_version);
  for (const char* name : {"cpus", "cores", "memory"}) {
    if (reader.integer(name) < 0) {
      refuse(reader, fmt::format("invalid value for '{}': must not be negative", name));
    }
  }
  if (hardware.memory == 0) hardware.memory = 512;
  reader.require_one_of("firmware", {"bios", "efi", "efi-secure"});
  reader.require_one_of("usb_version", {"2.0", "3.1", "3.2"});
  if (reader.has("usb_version") && !reader.string("usb_version").empty() && !hardware.usb) {
    refuse(reader, "'usb_version' needs 'usb = true'");
  }
  if (hardware.adapter.empty()) refuse(reader, "'network_adapter_type' is required");
  reader.require_one_of("network_adapter_type", {"vmxnet3", "e1000e", "e1000"});
  const Result<PortSpec> serial = parse_serial(reader.string("serial"));
  if (serial) {
    hardware.serial = *serial;
  } else {
    refuse(reader, "serial: " + serial.error().message);
  }
  const Result<PortSpec> parallel = parse_parallel(reader.string("parallel"));
  if (parallel) {
    hardware.parallel = *parallel;
  } else {
    refuse(reader, "parallel: " + parallel.error().message);
  }
  return hardware;
}

VmwareDisks read_disks(const ConfigReader& reader) {
  VmwareDisks disks;
  disks.size_mb = reader.integer("disk_size", disks.size_mb);
  if (disks.size_mb == 0) disks.size_mb = 40000;
  disks.additional_mb = reader.integers("disk_additional_size");
  disks.adapter = text_or(reader, "disk_adapter_type", disks.adapter);
  disks.name = text_or(reader, "vmdk_name", disks.name);
  disks.type_id = text_or(reader, "disk_type_id", disks.type_id);
  if (disks.size_mb < 0) refuse(reader, "'disk_size' must be positive");
  for (const int64_t size : disks.additional_mb) {
    if (size <= 0) refuse(reader, "'disk_additional_size' must hold positive sizes");
  }
  reader.require_one_of("disk_adapter_type", {"ide", "sata", "nvme", "scsi", "lsilogic", "buslogic",
                                              "pvscsi", "lsisas1068"});
  return disks;
}

VmwareTools read_tools(const ConfigReader& reader) {
  VmwareTools tools;
  tools.mode = reader.string("tools_mode");
  tools.source_path = reader.string("tools_source_path");
  tools.flavor = reader.string("tools_upload_flavor");
  tools.upload_path = text_or(reader, "tools_upload_path", tools.upload_path);
  reader.require_one_of("tools_mode", {"upload", "attach", "disable"});
  reader.require_one_of("tools_upload_flavor", {"darwin", "linux", "windows"});
  if (!tools.flavor.empty() && !tools.source_path.empty()) {
    refuse(reader, "'tools_upload_flavor' and 'tools_source_path' cannot be used together");
  }
  if (tools.mode == "upload" && tools.flavor.empty() && tools.source_path.empty()) {
    refuse(reader, "'tools_mode = \"upload\"' needs 'tools_upload_flavor' or 'tools_source_path'");
  }
  if (tools.mode == "attach" && tools.source_path.empty()) {
    refuse(reader, "'tools_mode = \"attach\"' needs 'tools_source_path'");
  }
  if (tools.mode == "attach" && !tools.flavor.empty()) {
    refuse(reader, "'tools_mode = \"attach\"' takes 'tools_source_path', not a flavor");
  }
  // Older templates have only the flavor.
  if (tools.mode.empty() && (!tools.flavor.empty() || !tools.source_path.empty())) {
    tools.mode = "upload";
  }
  return tools;
}

VmwareExport read_export(const ConfigReader& reader) {
  VmwareExport exported;
  exported.format = text_or(reader, "format", exported.format);
  exported.options = reader.strings("ovftool_options");
  exported.skip = reader.boolean("skip_export");
  exported.skip_compaction = reader.boolean("skip_compaction");
  reader.require_one_of("format", {"ova", "ovf", "vmx"});
  if (!exported.options.empty() && exported.format == "vmx") {
    reader.findings().warnings.push_back("ovftool_options has no effect without format ovf or ova");
  }
  return exported;
}

void read_display(const ConfigReader& reader, VmwareOptions& options) {
  options.headless = reader.boolean("headless");
  options.vnc_bind_address = text_or(reader, "vnc_bind_address", options.vnc_bind_address);
  options.vnc_disable_password = reader.boolean("vnc_disable_password");
  steps::read_port_range(reader, "vnc_port", options.vnc_port_min, options.vnc_port_max);
  if (options.headless && options.boot.disable_vnc) {
    reader.findings().warnings.push_back(
        "headless with disable_vnc: nobody can see or type into the machine");
  }
}

VmwareOptions read_options(const value::Value& value, const PrepareContext& context,
                           std::string default_name, Findings& findings) {
  const ConfigReader reader(value, findings);
  VmwareOptions options;
  if (std::string advice = esxi_advice(value, context.render.build_name); !advice.empty()) {
    findings.errors.push_back(std::move(advice));
  }
  options.http = steps::read_http_options(reader, context);
  options.floppy = steps::read_floppy_options(reader, context);
  options.cd = steps::read_cd_options(reader, context);
  options.boot = steps::read_boot_options(reader, context);
  options.shutdown = steps::read_shutdown_options(reader);
  options.communicator = CommunicatorOptions::decode(value, context, {}, findings);
  options.disks = read_disks(reader);
  options.tools = read_tools(reader);
  options.exported = read_export(reader);
  options.vmx_data = reader.string_map("vmx_data");
  options.vmx_data_post = reader.string_map("vmx_data_post");
  options.remove_ethernet = reader.boolean("vmx_remove_ethernet_interfaces");
  options.display_name = reader.string("display_name");
  options.fusion_app_path = reader.string("fusion_app_path");
  if (options.fusion_app_path.empty()) {
    options.fusion_app_path = context.environment.get_or("FUSION_APP_PATH", "");
  }
  options.output_directory =
      text_or(reader, "output_directory", "output-" + context.render.build_name);
  options.vm_name = text_or(reader, "vm_name", std::move(default_name));
  options.snapshot_name = reader.string("snapshot_name");
  options.cdrom_adapter = reader.string("cdrom_adapter_type");
  reader.require_one_of("cdrom_adapter_type", {"ide", "sata", "scsi"});
  options.guest_os_type = reader.string("guest_os_type");
  options.version = reader.integer("version", options.version);
  if (options.version < kLowestVersion) {
    refuse(reader, fmt::format("invalid 'version' {}: at least {}", options.version, kLowestVersion));
  }
  read_display(reader, options);
  if (options.shutdown.command.empty()) {
    findings.warnings.push_back(
        "A shutdown_command was not specified. Without a shutdown command, the machine will be "
        "forcibly halted, which may result in lost data.");
  }
  const std::string output = io::join_path(context.working_directory, options.output_directory);
  if (!context.force && !steps::is_placeholder(output) && io::exists(output)) {
    findings.errors.push_back(fmt::format(
        "output directory '{}' already exists. It must not exist.", options.output_directory));
  }
  return options;
}

}  // namespace

Result<PortSpec> parse_serial(const std::string& text) {
  PortSpec port;
  if (text.empty()) return port;
  const size_t colon = text.find(':');
  const std::string kind = upper(text.substr(0, colon));
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::vector<std::string> words = split(rest, ',');
  const auto take_yield = [&](size_t fixed) -> Result<void> {
    if (words.size() > fixed + 1) return invalid_input(fmt::format("too many parts in \"{}\"", text));
    if (words.size() == fixed + 1) {
      const std::string word = upper(words[fixed]);
      if (word != "YIELD" && word != "TRUE" && word != "FALSE") {
        return invalid_input(fmt::format("\"{}\" should be yield", words[fixed]));
      }
      port.yield = word != "FALSE";
    }
    return {};
  };
  if (kind == "NONE") return port;
  if (kind == "AUTO") {
    port.kind = PortSpec::Kind::Auto;
    port.yield = upper(rest) == "YIELD" || upper(rest) == "TRUE";
    return port;
  }
  if (kind == "FILE" || kind == "DEVICE") {
    port.kind = kind == "FILE" ? PortSpec::Kind::File : PortSpec::Kind::Device;
    port.path = words[0];
    TRY(take_yield(1));
  } else if (kind == "PIPE") {
    port.kind = PortSpec::Kind::Pipe;
    if (words.size() < 3) {
      return invalid_input("a pipe is PIPE:path,client|server,app|vm[,yield]");
    }
    port.path = words[0];
    const std::string end = upper(words[1]);
    const std::string other = upper(words[2]);
    if ((end != "CLIENT" && end != "SERVER") || (other != "APP" && other != "VM")) {
      return invalid_input("a pipe is PIPE:path,client|server,app|vm[,yield]");
    }
    port.server = end == "SERVER";
    port.application = other == "APP";
    TRY(take_yield(3));
  } else {
    return invalid_input(fmt::format("unknown kind \"{}\": FILE, DEVICE, PIPE, AUTO or NONE", kind));
  }
  if (port.path.empty()) return invalid_input(fmt::format("no path in \"{}\"", text));
  return port;
}

Result<PortSpec> parse_parallel(const std::string& text) {
  PortSpec port;
  if (text.empty()) return port;
  const size_t colon = text.find(':');
  const std::string kind = upper(text.substr(0, colon));
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  const auto direction = [&](const std::string& word) -> Result<void> {
    const std::string wanted = upper(word);
    if (wanted != "BI" && wanted != "UNI" && !wanted.empty()) {
      return invalid_input(fmt::format("\"{}\" should be BI or UNI", word));
    }
    port.bidirectional = wanted == "BI";
    return {};
  };
  if (kind == "NONE") return port;
  if (kind == "AUTO") {
    port.kind = PortSpec::Kind::Auto;
    TRY(direction(rest));
    return port;
  }
  const std::vector<std::string> words = split(rest, ',');
  if (kind == "FILE") {
    port.kind = PortSpec::Kind::File;
    if (words.size() > 1) return invalid_input(fmt::format("too many parts in \"{}\"", text));
  } else if (kind == "DEVICE") {
    port.kind = PortSpec::Kind::Device;
    if (words.size() > 2) return invalid_input(fmt::format("too many parts in \"{}\"", text));
    if (words.size() == 2) TRY(direction(words[1]));
  } else {
    return invalid_input(fmt::format("unknown kind \"{}\": FILE, DEVICE, AUTO or NONE", kind));
  }
  port.path = words[0];
  if (port.path.empty()) return invalid_input(fmt::format("no path in \"{}\"", text));
  return port;
}

VmwareIsoConfig VmwareIsoConfig::decode(const value::Value& value, const PrepareContext& context,
                                        Findings& findings) {
  VmwareIsoConfig config;
  const ConfigReader reader(value, findings);
  config.options =
      read_options(value, context, "packer-" + context.render.build_name, findings);
  config.iso = steps::read_iso_options(reader, context);
  config.hardware = read_hardware(reader);
  config.vmx_template_path = reader.string("vmx_template_path");
  config.vmx_disk_template_path = reader.string("vmx_disk_template_path");
  config.nested_virtualization = reader.boolean("vhv_enabled");
  if (config.options.guest_os_type.empty()) config.options.guest_os_type = "other-64";
  for (const auto& [name, path] : {std::pair{"vmx_template_path", config.vmx_template_path},
                                   std::pair{"vmx_disk_template_path",
                                             config.vmx_disk_template_path}}) {
    if (path.empty() || context.placeholders) continue;
    if (!io::exists(resolve_path(context, path))) {
      findings.errors.push_back(fmt::format("{} is invalid: {} does not exist", name, path));
    }
  }
  return config;
}

VmwareVmxConfig VmwareVmxConfig::decode(const value::Value& value, const PrepareContext& context,
                                        Findings& findings) {
  VmwareVmxConfig config;
  const ConfigReader reader(value, findings);
  config.options = read_options(value, context,
                                fmt::format("packer-{}-{}", context.render.build_name,
                                            context.render.start.unix_seconds()),
                                findings);
  config.source_path = reader.string("source_path");
  config.linked = reader.boolean("linked");
  config.attach_snapshot = reader.string("attach_snapshot");
  const std::string kind = io::extension(config.source_path);
  if (config.source_path.empty()) {
    findings.errors.push_back("source_path is blank, but is required");
  } else if (kind != "vmx" && kind != "ovf" && kind != "ova" &&
             !steps::is_placeholder(config.source_path)) {
    findings.errors.push_back("source_path must be a .vmx, .ovf or .ova file");
  } else if (!context.placeholders && !steps::is_placeholder(config.source_path) &&
             !io::exists(resolve_path(context, config.source_path))) {
    findings.errors.push_back(fmt::format("source_path is invalid: {} does not exist",
                                          config.source_path));
  }
  const bool ovf = kind == "ovf" || kind == "ova";
  if (ovf && config.options.guest_os_type.empty()) {
    findings.errors.push_back("guest_os_type is required when source_path is an .ovf or .ova");
  }
  if (ovf && (config.linked || !config.attach_snapshot.empty())) {
    findings.errors.push_back("linked and attach_snapshot need a .vmx as source_path");
  }
  return config;
}

}  // namespace farm::builders::vmware

namespace farm::builders::platform_vmware {

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Builder, "vmware-iso",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               vmware::VmwareIsoConfig::decode(config, context, findings);
               return findings;
             });
  checks.add(plan::ComponentKind::Builder, "vmware-vmx",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               vmware::VmwareVmxConfig::decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::platform_vmware
