// The CD drives: the boot ISO in its current and its old spelling, and the additional ones; and what
// proxmox-clone adds.
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/platforms/proxmox/config.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr int kBootIsoSlot = 2;

std::optional<int> slot_of(const std::string& text) {
  int slot = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, slot);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end || slot < 0) {
    return std::nullopt;
  }
  return slot;
}

class IsoReader {
 public:
  IsoReader(const ConfigReader& reader, const PrepareContext& context, std::string where)
      : reader_(reader), context_(context), where_(std::move(where)) {}

  IsoSource read(bool boot) {
    read_place(boot);
    iso_.iso_file = reader_.string("iso_file");
    iso_.storage_pool = reader_.string("iso_storage_pool");
    iso_.download_on_node = reader_.boolean("iso_download_pve");
    iso_.unmount = reader_.boolean("unmount");
    iso_.keep_device = reader_.boolean("keep_cdrom_device");
    read_sources();
    return std::move(iso_);
  }

 private:
  void fault(const std::string& text) {
    reader_.findings().errors.push_back(where_ + ": " + text);
  }

  void read_place(bool boot) {
    iso_.type = reader_.string("type");
    std::string index = reader_.string("index");
    const std::string device = reader_.string("device");
    if (!device.empty()) {
      reader_.findings().warnings.push_back(where_ +
                                            ": device is deprecated: use type and index");
      const size_t digit = device.find_first_of("0123456789");
      iso_.type = device.substr(0, digit);
      index = digit == std::string::npos ? "" : device.substr(digit);
      if (index.empty()) fault("device must be a bus and a number, like ide3, not " + device);
    }
    if (iso_.type.empty()) {
      iso_.type = "ide";
      if (boot && index.empty()) index = std::to_string(kBootIsoSlot);
    }
    const int last = last_slot(iso_.type);
    if (last < 0 || iso_.type == "virtio") {
      fault("type must be ide, sata or scsi, not \"" + iso_.type + "\"");
      return;
    }
    if (index.empty()) return;
    iso_.index = slot_of(index);
    if (!iso_.index || *iso_.index > last) {
      fault(fmt::format("index \"{}\" must be a number from 0 to {} for type {}", index, last,
                        iso_.type));
    }
  }

  void read_sources() {
    const bool urls = !reader_.string("iso_url").empty() || !reader_.strings("iso_urls").empty();
    iso_.cd = steps::read_cd_options(reader_, context_);
    const bool cd = iso_.cd.wanted();
    const int sources = int{!iso_.iso_file.empty()} + int{urls} + int{cd};
    if (sources != 1) {
      fault("exactly one of iso_file, iso_url(s) and cd_files or cd_content must be specified");
    }
    if (urls) iso_.iso = steps::read_iso_options(reader_, context_);
    if ((urls || cd) && iso_.storage_pool.empty()) {
      fault("iso_storage_pool must be specified: the pool the ISO is uploaded to");
    }
    if (iso_.download_on_node && !urls) fault("iso_download_pve needs iso_url or iso_urls");
    if (iso_.download_on_node && urls) check_node_download();
    if (!iso_.iso_file.empty()) check_file();
    if (iso_.keep_device && !iso_.unmount) fault("keep_cdrom_device needs unmount = true");
  }

  void check_node_download() {
    for (const std::string& url : iso_.iso.urls) {
      const std::string scheme = steps::url_scheme(url);
      if (scheme == "http" || scheme == "https" || steps::is_placeholder(url)) continue;
      fault("with iso_download_pve the node fetches the ISO: http and https only, not " + url);
    }
    if (iso_.iso.checksum.starts_with("file:")) {
      fault("with iso_download_pve, iso_checksum must be the checksum itself: the node reads no "
            "checksum file");
    }
  }

  void check_file() {
    if (steps::is_placeholder(iso_.iso_file)) return;
    const size_t colon = iso_.iso_file.find(':');
    const bool good = colon != std::string::npos && colon > 0 &&
                      iso_.iso_file.compare(colon, 5, ":iso/") == 0 &&
                      iso_.iso_file.size() > colon + 5;
    if (!good) fault("iso_file must look like STORAGE:iso/NAME, not \"" + iso_.iso_file + "\"");
  }

  const ConfigReader& reader_;
  const PrepareContext& context_;
  std::string where_;
  IsoSource iso_;
};

bool has_old_spelling(const ConfigReader& reader) {
  for (const char* name : {"iso_file", "iso_url", "iso_urls", "iso_storage_pool", "iso_checksum",
                           "iso_download_pve", "iso_target_path", "iso_target_extension",
                           "unmount_iso"}) {
    if (reader.has(name)) return true;
  }
  return false;
}

// The same options one level up; unmount was called unmount_iso.
value::Value old_spelling(const ConfigReader& reader) {
  value::Value::Map block;
  for (const char* name : {"iso_file", "iso_url", "iso_urls", "iso_storage_pool", "iso_checksum",
                           "iso_download_pve", "iso_target_path", "iso_target_extension"}) {
    if (const value::Value* value = reader.find(name)) block.emplace(name, *value);
  }
  if (const value::Value* value = reader.find("unmount_iso")) block.emplace("unmount", *value);
  return value::Value::object(std::move(block));
}

void read_boot_iso(const ConfigReader& reader, const PrepareContext& context,
                   ProxmoxConfig& config) {
  Findings& findings = reader.findings();
  const std::vector<value::Value> blocks = reader.blocks("boot_iso");
  const bool old = has_old_spelling(reader);
  if (old && !blocks.empty()) {
    findings.errors.push_back(
        "boot_iso cannot be used together with the deprecated iso_* options and unmount_iso beside "
        "it: move them into boot_iso");
  }
  if (!blocks.empty()) {
    const ConfigReader inner(blocks.front(), findings);
    config.isos.push_back(IsoReader(inner, context, "boot_iso").read(true));
  } else if (old) {
    findings.warnings.push_back(
        "iso_* options and unmount_iso outside of boot_iso are deprecated: use a boot_iso block");
    const value::Value block = old_spelling(reader);
    const ConfigReader inner(block, findings);
    config.isos.push_back(IsoReader(inner, context, "boot_iso").read(true));
  } else {
    findings.errors.push_back("boot_iso must be specified: what the machine installs from");
  }
}

bool is_address(const std::string& text, int family) {
  unsigned char bytes[16];
  return ::inet_pton(family, text.c_str(), bytes) == 1;
}

// "10.0.0.5/24".
bool is_network(const std::string& text, int family) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos || !is_address(text.substr(0, slash), family)) return false;
  const std::optional<int> bits = slot_of(text.substr(slash + 1));
  return bits && *bits <= (family == AF_INET ? 32 : 128);
}

void read_ipconfig(const value::Value& block, size_t number, ProxmoxConfig& config,
                   Findings& findings) {
  const ConfigReader reader(block, findings);
  const IpConfig ip{reader.string("ip"), reader.string("gateway"), reader.string("ip6"),
                    reader.string("gateway6")};
  const auto check = [&](const char* name, const std::string& text, bool good, const char* wanted) {
    if (text.empty() || steps::is_placeholder(text) || good) return;
    findings.errors.push_back(
        fmt::format("ipconfig[{}]: {} \"{}\" must be {}", number, name, text, wanted));
  };
  check("ip", ip.ip, ip.ip == "dhcp" || is_network(ip.ip, AF_INET),
        "dhcp or an IPv4 address with its prefix length, like 10.0.0.5/24");
  check("gateway", ip.gateway, is_address(ip.gateway, AF_INET), "an IPv4 address");
  check("ip6", ip.ip6, ip.ip6 == "dhcp" || ip.ip6 == "auto" || is_network(ip.ip6, AF_INET6),
        "auto, dhcp or an IPv6 address with its prefix length");
  check("gateway6", ip.gateway6, is_address(ip.gateway6, AF_INET6), "an IPv6 address");
  config.clone.ipconfigs.push_back(ip);
}

}  // namespace

void read_isos(const ConfigReader& reader, const PrepareContext& context, ProxmoxConfig& config) {
  if (config.kind == Kind::Iso) read_boot_iso(reader, context, config);
  size_t number = 0;
  for (const value::Value& block : reader.blocks("additional_iso_files")) {
    const ConfigReader inner(block, reader.findings());
    config.isos.push_back(
        IsoReader(inner, context, fmt::format("additional_iso_files[{}]", number++)).read(false));
  }
}

void read_clone(const ConfigReader& reader, ProxmoxConfig& config) {
  Findings& findings = reader.findings();
  CloneOptions& clone = config.clone;
  clone.source_name = reader.string("clone_vm");
  clone.source_id = reader.integer("clone_vm_id");
  clone.full = reader.tribool("full_clone").value_or(true);
  clone.searchdomain = reader.string("searchdomain");
  if (clone.source_name.empty() && clone.source_id == 0) {
    findings.errors.push_back("one of clone_vm and clone_vm_id must be specified");
  } else if (!clone.source_name.empty() && clone.source_id != 0) {
    findings.errors.push_back("clone_vm and clone_vm_id cannot both be specified");
  }
  std::string server;
  for (const char c : reader.string("nameserver") + " ") {
    if (c != ' ') {
      server += c;
    } else if (!server.empty()) {
      const bool good = is_address(server, AF_INET) || is_address(server, AF_INET6) ||
                        steps::is_placeholder(server);
      if (!good) findings.errors.push_back("nameserver \"" + server + "\" is no IP address");
      clone.nameservers.push_back(std::move(server));
      server.clear();
    }
  }
  size_t number = 0;
  for (const value::Value& block : reader.blocks("ipconfig")) {
    read_ipconfig(block, number++, config, findings);
  }
  if (clone.ipconfigs.size() > config.nics.size()) {
    findings.errors.push_back(fmt::format("{} ipconfig blocks need as many network_adapters, not {}",
                                          clone.ipconfigs.size(), config.nics.size()));
  }
}

}  // namespace farm::builders::platform_proxmox
