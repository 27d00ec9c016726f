#include "builders/platforms/vsphere/options.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/steps/iso_options.h"
#include "builders/steps/vsphere/hardware_names.h"

namespace farm::builders::vsphere {
namespace {

void complain(const ConfigReader& reader, std::string text) {
  reader.findings().errors.push_back(std::move(text));
}

std::string text_or_default(const ConfigReader& reader, const char* name, std::string other) {
  std::string text = reader.string(name);
  return text.empty() ? other : text;
}

LocationOptions read_location(const ConfigReader& reader) {
  LocationOptions location;
  location.vm_name = reader.string("vm_name");
  location.folder = reader.string("folder");
  location.cluster = reader.string("cluster");
  location.host = reader.string("host");
  location.resource_pool = reader.string("resource_pool");
  location.datastore = reader.string("datastore");
  location.datastore_cluster = reader.string("datastore_cluster");
  location.uploads_through_host = reader.boolean("set_host_for_datastore_uploads");
  if (location.vm_name.empty()) complain(reader, "'vm_name' is required");
  if (location.cluster.empty() && location.host.empty()) {
    complain(reader, "'host' or 'cluster' is required");
  }
  if (!location.datastore.empty() && !location.datastore_cluster.empty()) {
    complain(reader, "'datastore' and 'datastore_cluster' are mutually exclusive");
  }
  if (location.uploads_through_host && location.host.empty()) {
    complain(reader, "'set_host_for_datastore_uploads' needs 'host'");
  }
  while (location.folder.starts_with('/')) location.folder.erase(0, 1);
  return location;
}

// "0x15b3", "15b3" or "5555": ids of PCI devices, hexadecimal.
std::optional<int64_t> pci_id(const ConfigReader& reader, const char* name) {
  const std::string text = reader.string(name);
  if (text.empty()) return std::nullopt;
  const std::string digits =
      text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text;
  int64_t id = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
  if (error != std::errc() || end != digits.data() + digits.size() || id < 0 || id > 0xFFFF) {
    complain(reader, fmt::format("'{}' must be a PCI id in hexadecimal, not \"{}\"", name, text));
  }
  return id;
}

void read_pci_devices(const ConfigReader& reader, HardwareOptions& hardware) {
  for (const value::Value& block : reader.blocks("pci_passthrough_allowed_device")) {
    const ConfigReader inner(block, reader.findings());
    PciDevice device;
    const std::optional<int64_t> vendor = pci_id(inner, "vendor_id");
    const std::optional<int64_t> id = pci_id(inner, "device_id");
    if (!vendor || !id) {
      complain(reader, "'pci_passthrough_allowed_device' needs 'vendor_id' and 'device_id'");
    }
    device.vendor = vendor.value_or(0);
    device.device = id.value_or(0);
    device.sub_vendor = pci_id(inner, "sub_vendor_id");
    device.sub_device = pci_id(inner, "sub_device_id");
    hardware.pci_devices.push_back(device);
  }
}

HardwareOptions read_hardware(const ConfigReader& reader) {
  HardwareOptions hardware;
  hardware.cpus = reader.integer("CPUs");
  hardware.cores_per_socket = reader.integer("cpu_cores");
  hardware.cpu_reservation_mhz = reader.integer("CPU_reservation");
  hardware.cpu_limit_mhz = reader.integer("CPU_limit");
  hardware.cpu_hot_plug = reader.boolean("CPU_hot_plug");
  hardware.memory_mb = reader.integer("RAM");
  hardware.memory_reservation_mb = reader.integer("RAM_reservation");
  hardware.reserve_all_memory = reader.boolean("RAM_reserve_all");
  hardware.memory_hot_plug = reader.boolean("RAM_hot_plug");
  hardware.video_memory_kb = reader.integer("video_ram");
  hardware.displays = reader.integer("displays");
  read_pci_devices(reader, hardware);
  hardware.vgpu_profile = reader.string("vgpu_profile");
  hardware.nested_virtualization = reader.tribool("NestedHV");
  hardware.firmware = reader.string("firmware");
  hardware.enter_bios_setup = reader.boolean("force_bios_setup");
  hardware.tpm = reader.boolean("vTPM");
  hardware.precision_clock = text_or_default(reader, "precision_clock", "none");
  for (const char* name : {"CPUs", "cpu_cores", "CPU_reservation", "RAM", "RAM_reservation",
                           "video_ram", "displays"}) {
    if (reader.integer(name) < 0) complain(reader, fmt::format("'{}' must not be negative", name));
  }
  if (hardware.memory_reservation_mb > 0 && hardware.reserve_all_memory) {
    complain(reader, "'RAM_reservation' and 'RAM_reserve_all' cannot be used together");
  }
  const std::string& firmware = hardware.firmware;
  if (!firmware.empty() && firmware != "bios" && firmware != "efi" && firmware != "efi-secure") {
    complain(reader, "'firmware' must be '', 'bios', 'efi' or 'efi-secure'");
  }
  if (hardware.tpm && !firmware.starts_with("efi")) {
    complain(reader, "'vTPM' could be enabled only when 'firmware' is set to 'efi' or 'efi-secure'");
  }
  if (hardware.precision_clock != "none" && hardware.precision_clock != "ptp" &&
      hardware.precision_clock != "ntp") {
    complain(reader, "'precision_clock' must be 'none', 'ptp' or 'ntp'");
  }
  return hardware;
}

StorageOptions read_storage(const ConfigReader& reader, bool disks_required) {
  StorageOptions storage;
  storage.controllers = reader.strings("disk_controller_type");
  for (const std::string& name : storage.controllers) {
    if (!name.empty() && controller_type(name).empty() && !steps::is_placeholder(name)) {
      complain(reader, fmt::format("unknown 'disk_controller_type' \"{}\" (one of lsilogic, "
                                   "lsilogic-sas, pvscsi, nvme, scsi, sata)", name));
    }
  }
  const std::vector<value::Value> blocks = reader.blocks("storage");
  for (size_t i = 0; i < blocks.size(); ++i) {
    const ConfigReader inner(blocks[i], reader.findings());
    StorageOptions::Disk disk;
    disk.size_mb = inner.integer("disk_size");
    disk.thin = inner.boolean("disk_thin_provisioned");
    disk.eagerly_scrubbed = inner.boolean("disk_eagerly_scrub");
    const int64_t index = inner.integer("disk_controller_index");
    if (disk.size_mb <= 0) complain(reader, fmt::format("storage[{}].'disk_size' is required", i));
    const size_t controllers = std::max<size_t>(1, storage.controllers.size());
    if (index < 0 || static_cast<size_t>(index) >= controllers) {
      complain(reader, fmt::format("storage[{}].'disk_controller_index' references an unknown disk "
                                   "controller", i));
    } else {
      disk.controller = static_cast<size_t>(index);
    }
    storage.disks.push_back(disk);
  }
  if (storage.disks.empty() && disks_required) {
    complain(reader, "no storage devices have been defined: at least one 'storage' block is needed");
  }
  if (storage.controllers.empty() && !storage.disks.empty()) storage.controllers = {"lsilogic"};
  for (std::string& name : storage.controllers) {
    if (name.empty()) name = "lsilogic";
  }
  return storage;
}

FlagOptions read_flags(const ConfigReader& reader, const HardwareOptions& hardware) {
  const FlagOptions flags{reader.boolean("vbs_enabled"), reader.boolean("vvtd_enabled")};
  if (!flags.vbs) return flags;
  if (!flags.vvtd) complain(reader, "'vvtd_enabled' must be set to 'true' when 'vbs_enabled' is set");
  if (!hardware.nested_virtualization.value_or(false)) {
    complain(reader, "'NestedHV' must be set to 'true' when 'vbs_enabled' is set");
  }
  if (hardware.firmware != "efi-secure") {
    complain(reader, "'firmware' must be set to 'efi-secure' when 'vbs_enabled' is set");
  }
  return flags;
}

ParameterOptions read_parameters(const ConfigReader& reader) {
  ParameterOptions parameters;
  parameters.extra = reader.string_map("configuration_parameters");
  parameters.sync_time = reader.tribool("tools_sync_time");
  parameters.sync_time_periodically = reader.tribool("tools_sync_time_periodically");
  parameters.upgrade_tools = reader.boolean("tools_upgrade_policy");
  if (parameters.sync_time_periodically.value_or(false) && !parameters.sync_time.value_or(false)) {
    complain(reader,
             "'tools_sync_time' must be set to 'true' when 'tools_sync_time_periodically' is set");
  }
  return parameters;
}

WaitAddressOptions read_wait_address(const ConfigReader& reader) {
  WaitAddressOptions wait;
  wait.timeout = reader.duration("ip_wait_timeout", wait.timeout);
  wait.settle = reader.duration("ip_settle_timeout", wait.settle);
  if (reader.has("ip_wait_address")) wait.network = reader.string("ip_wait_address");
  if (!wait.network.empty() && !steps::is_placeholder(wait.network)) {
    const Result<AddressBlock> block = parse_address_block(wait.network);
    if (!block) complain(reader, "unable to parse 'ip_wait_address': " + block.error().message);
  }
  return wait;
}

uint32_t read_mode(const ConfigReader& reader, const char* name, uint32_t other) {
  const std::string text = reader.string(name);
  if (text.empty()) return other;
  uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 07777) {
    complain(reader, fmt::format("'{}' must be an octal file mode, not \"{}\"", name, text));
    return other;
  }
  return mode;
}

void read_export(const ConfigReader& reader, const PrepareContext& context,
                 const LocationOptions& location, FinishOptions& finish) {
  for (const value::Value& block : reader.blocks("export")) {
    const ConfigReader inner(block, reader.findings());
    ExportOptions options;
    options.name = text_or_default(inner, "name", location.vm_name);
    options.force = inner.boolean("force");
    options.image_files = inner.boolean("image_files");
    options.manifest = text_or_default(inner, "manifest", "sha256");
    options.directory =
        text_or_default(inner, "output_directory", "output-" + context.render.build_name);
    options.directory_mode = read_mode(inner, "directory_permission", options.directory_mode);
    options.options = inner.strings("options");
    options.format = text_or_default(inner, "output_format", "ovf");
    const std::vector<std::string> sums = {"none", "sha1", "sha256", "sha512"};
    if (std::find(sums.begin(), sums.end(), options.manifest) == sums.end()) {
      complain(reader, fmt::format("unknown hash: {}. available options include available options "
                                   "being 'none', 'sha1', 'sha256', 'sha512'", options.manifest));
    }
    if (options.format != "ovf" && options.format != "ova") {
      complain(reader, fmt::format("unsupported 'output_format' \"{}\": 'ovf' or 'ova'",
                                   options.format));
    }
    finish.exported = std::move(options);
  }
}

void read_library(const ConfigReader& reader, const LocationOptions& location,
                  const PrepareContext& context, FinishOptions& finish) {
  for (const value::Value& block : reader.blocks("content_library_destination")) {
    const ConfigReader inner(block, reader.findings());
    LibraryOptions options;
    options.library = inner.string("library");
    options.ovf = inner.boolean("ovf");
    options.name = inner.string("name");
    options.description = text_or_default(
        inner, "description", fmt::format("Packer imported {} VM template", location.vm_name));
    options.cluster = text_or_default(inner, "cluster", location.cluster);
    options.folder = inner.string("folder");
    options.host = text_or_default(inner, "host", location.host);
    options.resource_pool = text_or_default(inner, "resource_pool", location.resource_pool);
    options.datastore = inner.string("datastore");
    options.destroy = inner.boolean("destroy");
    options.skip_import = inner.boolean("skip_import");
    options.ovf_flags = inner.strings("ovf_flags");
    if (options.library.empty()) {
      complain(reader, "a library name must be provided: 'content_library_destination.library'");
    }
    if (!options.ovf && options.name == location.vm_name && !options.name.empty()) {
      complain(reader, "the content library destination name must be different from the VM name");
    }
    if (options.name.empty()) {
      options.name = options.ovf ? location.vm_name
                                 : fmt::format("{}{}", location.vm_name,
                                               context.render.start.unix_seconds());
    }
    if (!options.ovf && !options.ovf_flags.empty()) {
      complain(reader, "'ovf_flags' needs 'ovf = true'");
    }
    finish.library = std::move(options);
  }
}

FinishOptions read_finish(const ConfigReader& reader, const PrepareContext& context,
                          const LocationOptions& location) {
  FinishOptions finish;
  finish.disable_shutdown = reader.boolean("disable_shutdown");
  finish.shutdown = steps::read_shutdown_options(reader);
  finish.remove_cdrom = reader.boolean("remove_cdrom");
  finish.reattach_cdroms = reader.integer("reattach_cdroms");
  finish.remove_network_adapter = reader.boolean("remove_network_adapter");
  finish.create_snapshot = reader.boolean("create_snapshot");
  finish.snapshot_name = text_or_default(reader, "snapshot_name", finish.snapshot_name);
  finish.convert_to_template = reader.boolean("convert_to_template");
  finish.destroy = reader.boolean("destroy");
  if (finish.reattach_cdroms < 0 || finish.reattach_cdroms > 4) {
    complain(reader, "'reattach_cdroms' should be between 1 and 4; 0 keeps the CD drives as they are");
  }
  read_export(reader, context, location, finish);
  read_library(reader, location, context, finish);
  return finish;
}

}  // namespace

ConnectOptions read_connect_options(const ConfigReader& reader, const Environment& environment) {
  const auto given = [&](const char* name, const char* variable) {
    std::string text = reader.string(name);
    return text.empty() ? environment.get_or(variable, "") : text;
  };
  const std::string unverified = environment.get_or("VSPHERE_ALLOW_UNVERIFIED_SSL", "");
  ConnectOptions connect;
  connect.server = given("vcenter_server", "VSPHERE_SERVER");
  connect.username = given("username", "VSPHERE_USER");
  connect.password = Secret(given("password", "VSPHERE_PASSWORD"));
  connect.insecure =
      reader.boolean("insecure_connection", unverified == "1" || unverified == "true");
  connect.datacenter = reader.string("datacenter");
  if (connect.server.empty()) complain(reader, "'vcenter_server' is required (or VSPHERE_SERVER)");
  if (connect.username.empty()) complain(reader, "'username' is required (or VSPHERE_USER)");
  if (connect.password.empty()) complain(reader, "'password' is required (or VSPHERE_PASSWORD)");
  return connect;
}

MachineOptions read_machine_options(const value::Value& config, const PrepareContext& context,
                                    bool disks_required, Findings& findings) {
  const ConfigReader reader(config, findings);
  MachineOptions options;
  options.connect = read_connect_options(reader, context.environment);
  options.location = read_location(reader);
  options.hardware = read_hardware(reader);
  options.storage = read_storage(reader, disks_required);
  options.flags = read_flags(reader, options.hardware);
  options.parameters = read_parameters(reader);
  options.notes = reader.string("notes");

  options.cdrom_type = text_or_default(reader, "cdrom_type", "ide");
  if (options.cdrom_type != "ide" && options.cdrom_type != "sata") {
    complain(reader, "'cdrom_type' must be 'ide' or 'sata'");
  }
  options.iso_paths = reader.strings("iso_paths");
  options.cd = steps::read_cd_options(reader, context);
  options.floppy = steps::read_floppy_options(reader, context);
  options.floppy_image = reader.string("floppy_img_path");

  options.boot_order = reader.string("boot_order");
  options.boot = steps::read_boot_options(reader, context);
  options.http_ip = reader.string("http_ip");
  options.http = steps::read_http_options(reader, context);
  options.wait_address = read_wait_address(reader);
  options.communicator = CommunicatorOptions::decode(config, context, {}, findings);
  options.finish = read_finish(reader, context, options.location);
  return options;
}

Result<AddressBlock> parse_address_block(const std::string& text) {
  AddressBlock block;
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  block.v6 = address.find(':') != std::string::npos;
  block.bytes.resize(block.v6 ? 16 : 4);
  const std::string bits = slash == std::string::npos ? "" : text.substr(slash + 1);
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), block.prefix);
  const bool prefix_good = error == std::errc() && end == bits.data() + bits.size() &&
                           block.prefix >= 0 && block.prefix <= (block.v6 ? 128 : 32);
  if (!prefix_good ||
      ::inet_pton(block.v6 ? AF_INET6 : AF_INET, address.c_str(), block.bytes.data()) != 1) {
    return invalid_input(fmt::format("invalid CIDR address: {}", text));
  }
  return block;
}

bool AddressBlock::contains(const std::string& address) const {
  std::string other(bytes.size(), '\0');
  if (::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), other.data()) != 1) return false;
  for (int bit = 0; bit < prefix; ++bit) {
    const size_t byte = static_cast<size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((bytes[byte] & mask) != (other[byte] & mask)) return false;
  }
  return true;
}

}  // namespace farm::builders::vsphere
