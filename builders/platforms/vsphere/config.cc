#include "builders/platforms/vsphere/config.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/core/config_check.h"
#include "builders/core/script.h"
#include "builders/steps/vsphere/hardware_names.h"
#include "common/io/files.h"

namespace farm::builders::vsphere {
namespace {

void object_to(const ConfigReader& reader, std::string text) {
  reader.findings().errors.push_back(std::move(text));
}

void read_cards(const ConfigReader& reader, IsoConfig& config) {
  const std::vector<value::Value> blocks = reader.blocks("network_adapters");
  for (size_t i = 0; i < blocks.size(); ++i) {
    const ConfigReader inner(blocks[i], reader.findings());
    const CardOptions card{inner.string("network"), inner.string("network_card"),
                           inner.string("mac_address"), inner.boolean("passthrough")};
    if (card.card.empty()) {
      object_to(reader, fmt::format("network_adapters[{}].'network_card' is required", i));
    } else if (card_type(card.card).empty() && !steps::is_placeholder(card.card)) {
      object_to(reader, fmt::format("network_adapters[{}].'network_card': unknown card \"{}\"", i,
                                    card.card));
    }
    if (card.network.empty() && config.machine.location.host.empty()) {
      object_to(reader, fmt::format("network_adapters[{}].'network' is required when 'host' is not "
                                    "given", i));
    }
    config.cards.push_back(card);
  }
}

void read_usb(const ConfigReader& reader, IsoConfig& config) {
  for (const std::string& word : reader.strings("usb_controller")) {
    std::string kind = word;
    if (word == "true" || word == "1") kind = "usb";
    if (word == "false" || word == "0") continue;
    if (kind != "usb" && kind != "xhci") {
      object_to(reader, fmt::format("unknown 'usb_controller' \"{}\": 'usb' or 'xhci'", word));
      continue;
    }
    if (std::find(config.usb_controllers.begin(), config.usb_controllers.end(), kind) !=
        config.usb_controllers.end()) {
      object_to(reader, fmt::format("there can only be one 'usb_controller' of kind \"{}\"", kind));
      continue;
    }
    config.usb_controllers.push_back(kind);
  }
}

RemoteCache read_cache(const ConfigReader& reader) {
  RemoteCache cache;
  cache.datastore = reader.string("remote_cache_datastore");
  if (reader.has("remote_cache_path")) cache.path = reader.string("remote_cache_path");
  while (cache.path.ends_with('/')) cache.path.pop_back();
  while (cache.path.starts_with('/')) cache.path.erase(0, 1);
  cache.overwrite = reader.boolean("remote_cache_overwrite");
  cache.cleanup = reader.boolean("remote_cache_cleanup");
  cache.local_overwrite = reader.boolean("local_cache_overwrite");
  return cache;
}

LinuxCustomization read_linux(const ConfigReader& reader) {
  LinuxCustomization options;
  options.domain = reader.string("domain");
  options.host_name = reader.string("host_name");
  options.hardware_clock_utc = reader.tribool("hw_clock_utc").value_or(true);
  if (const std::string zone = reader.string("time_zone"); !zone.empty()) options.time_zone = zone;
  if (options.host_name.empty()) object_to(reader, "linux options 'host_name' is empty");
  if (options.domain.empty()) object_to(reader, "linux options 'domain' is empty");
  return options;
}

WindowsCustomization read_windows(const ConfigReader& reader) {
  WindowsCustomization options;
  options.run_once = reader.strings("run_once_command_list");
  options.auto_logon = reader.tribool("auto_logon");
  options.auto_logon_count = reader.integer("auto_logon_count", 1);
  options.admin_password = Secret(reader.string("admin_password"));
  options.time_zone = reader.integer("time_zone", options.time_zone);
  options.workgroup = reader.string("workgroup");
  options.computer_name = reader.string("computer_name");
  if (const std::string name = reader.string("full_name"); !name.empty()) options.full_name = name;
  if (const std::string name = reader.string("organization_name"); !name.empty()) {
    options.organization = name;
  }
  options.product_key = reader.string("product_key");
  if (options.computer_name.empty()) object_to(reader, "windows options 'computer_name' is empty");
  return options;
}

CustomizedInterface read_interface(const ConfigReader& reader) {
  CustomizedInterface one;
  one.dns_servers = reader.strings("dns_server_list");
  one.dns_domain = reader.string("dns_domain");
  one.ipv4_address = reader.string("ipv4_address");
  one.ipv4_netmask = reader.integer("ipv4_netmask");
  one.ipv6_address = reader.string("ipv6_address");
  one.ipv6_netmask = reader.integer("ipv6_netmask");
  if (!one.ipv4_address.empty() && (one.ipv4_netmask < 1 || one.ipv4_netmask > 32)) {
    object_to(reader, "network_interface: 'ipv4_address' needs an 'ipv4_netmask' from 1 to 32");
  }
  if (!one.ipv6_address.empty() && (one.ipv6_netmask < 1 || one.ipv6_netmask > 128)) {
    object_to(reader, "network_interface: 'ipv6_address' needs an 'ipv6_netmask' from 1 to 128");
  }
  return one;
}

Customization read_customization(const ConfigReader& reader, const PrepareContext& context) {
  Customization custom;
  int identities = 0;
  for (const value::Value& block : reader.blocks("linux_options")) {
    custom.linux_options = read_linux(ConfigReader(block, reader.findings()));
    ++identities;
  }
  for (const value::Value& block : reader.blocks("windows_options")) {
    custom.windows_options = read_windows(ConfigReader(block, reader.findings()));
    ++identities;
  }
  custom.sysprep_file = reader.string("windows_sysprep_file");
  custom.sysprep_text = reader.string("windows_sysprep_text");
  if (!custom.sysprep_file.empty()) {
    ++identities;
    reader.findings().warnings.push_back(
        "windows_sysprep_file is deprecated: use windows_sysprep_text = file(...)");
    const std::string path = resolve_path(context, custom.sysprep_file);
    if (!context.placeholders && !io::exists(path)) {
      object_to(reader, fmt::format("windows_sysprep_file: {} does not exist", path));
    }
  }
  if (!custom.sysprep_text.empty()) ++identities;
  if (identities != 1) {
    object_to(reader,
              "customize: exactly one of 'linux_options', 'windows_options', "
              "'windows_sysprep_file', 'windows_sysprep_text' must be set");
  }
  for (const value::Value& block : reader.blocks("network_interface")) {
    custom.interfaces.push_back(read_interface(ConfigReader(block, reader.findings())));
  }
  if (custom.interfaces.empty()) {
    object_to(reader, "customize: one or more 'network_interface' must be provided");
  }
  custom.ipv4_gateway = reader.string("ipv4_gateway");
  custom.ipv6_gateway = reader.string("ipv6_gateway");
  custom.dns_servers = reader.strings("dns_server_list");
  custom.dns_suffixes = reader.strings("dns_suffix_list");
  return custom;
}

}  // namespace

IsoConfig IsoConfig::decode(const value::Value& value, const PrepareContext& context,
                            Findings& findings) {
  IsoConfig config;
  const ConfigReader reader(value, findings);
  config.machine = read_machine_options(value, context, true, findings);
  // Without an ISO of its own the machine boots from what is in iso_paths, or from the network.
  if (!reader.strings("iso_urls").empty() || !reader.string("iso_url").empty() ||
      !reader.string("iso_checksum").empty()) {
    config.iso = steps::read_iso_options(reader, context);
  }
  config.cache = read_cache(reader);
  config.hardware_version = reader.integer("vm_version");
  if (config.hardware_version < 0) object_to(reader, "'vm_version' must not be negative");
  if (const std::string type = reader.string("guest_os_type"); !type.empty()) {
    config.guest_os_type = type;
  }
  read_cards(reader, config);
  read_usb(reader, config);
  return config;
}

CloneConfig CloneConfig::decode(const value::Value& value, const PrepareContext& context,
                                Findings& findings) {
  CloneConfig config;
  const ConfigReader reader(value, findings);
  config.machine = read_machine_options(value, context, false, findings);
  config.source = reader.string("template");
  config.disk_size_mb = reader.integer("disk_size");
  config.linked = reader.boolean("linked_clone");
  config.network = reader.string("network");
  config.mac_address = reader.string("mac_address");
  for (const value::Value& block : reader.blocks("vapp")) {
    config.vapp_properties = ConfigReader(block, findings).string_map("properties");
  }
  for (const value::Value& block : reader.blocks("customize")) {
    config.customization = read_customization(ConfigReader(block, findings), context);
  }
  if (config.source.empty()) object_to(reader, "'template' is required");
  if (config.disk_size_mb < 0) object_to(reader, "'disk_size' must not be negative");
  if (config.linked && config.disk_size_mb != 0) {
    object_to(reader, "'linked_clone' and 'disk_size' cannot be used together");
  }
  if (!config.mac_address.empty() && config.network.empty()) {
    object_to(reader, "'network' is required when 'mac_address' is specified");
  }
  return config;
}

}  // namespace farm::builders::vsphere

namespace farm::builders::platform_vsphere {

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Builder, "vsphere-iso",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               vsphere::IsoConfig::decode(config, context, findings);
               return findings;
             });
  checks.add(plan::ComponentKind::Builder, "vsphere-clone",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               vsphere::CloneConfig::decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::platform_vsphere
