#include "builders/platforms/proxmox/config.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/core/config_check.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr int64_t kLowestId = 100;
constexpr int64_t kHighestId = 999'999'999;
constexpr Duration kKeyInterval = std::chrono::milliseconds(5);

// As given, or `other` when unset or empty.
std::string text_or(const ConfigReader& reader, const char* name, std::string other) {
  std::string text = reader.string(name);
  return text.empty() ? other : text;
}

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_dns_name(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  size_t from = 0;
  while (from <= name.size()) {
    const size_t dot = std::min(name.find('.', from), name.size());
    const std::string label = name.substr(from, dot - from);
    const bool good = !label.empty() && label.size() <= 63 && letter_or_digit(label.front()) &&
                      letter_or_digit(label.back()) &&
                      std::all_of(label.begin(), label.end(),
                                  [](char c) { return letter_or_digit(c) || c == '-'; });
    if (!good) return false;
    from = dot + 1;
  }
  return true;
}

void check_name(const char* option, const std::string& name, Findings& findings) {
  if (name.empty() || steps::is_placeholder(name) || is_dns_name(name)) return;
  findings.errors.push_back(fmt::format(
      "{} must be a valid DNS name (letters, digits and inner hyphens, parts of at most 63 "
      "joined by dots), not \"{}\"",
      option, name));
}

void check_id(const char* option, int64_t id, Findings& findings) {
  if (id == 0 || (id >= kLowestId && id <= kHighestId)) return;
  findings.errors.push_back(
      fmt::format("{} must be in the range {}-{}, not {}", option, kLowestId, kHighestId, id));
}

void read_machine(const ConfigReader& reader, ProxmoxConfig& config) {
  Findings& findings = reader.findings();
  config.node = reader.string("node");
  config.pool = reader.string("pool");
  config.vm_name = reader.string("vm_name");
  config.vm_id = reader.integer("vm_id");
  config.tags = reader.string("tags");
  config.boot_order = reader.string("boot");
  config.memory = reader.integer("memory", config.memory);
  if (config.memory < 16) config.memory = 512;
  config.ballooning_minimum = reader.integer("ballooning_minimum");
  config.cores = std::max<int64_t>(1, reader.integer("cores", 1));
  config.sockets = std::max<int64_t>(1, reader.integer("sockets", 1));
  config.cpu_type = text_or(reader, "cpu_type", config.cpu_type);
  config.numa = reader.boolean("numa");
  config.os = text_or(reader, "os", config.os);
  config.bios = reader.string("bios");
  config.machine = reader.string("machine");
  config.qemu_agent = reader.tribool("qemu_agent").value_or(true);
  config.scsi_controller = text_or(reader, "scsi_controller", config.scsi_controller);
  config.onboot = reader.boolean("onboot");
  config.disable_kvm = reader.boolean("disable_kvm");
  config.template_name = reader.string("template_name");
  config.template_description = reader.string("template_description");
  config.skip_convert_to_template = reader.boolean("skip_convert_to_template");
  config.vm_interface = reader.string("vm_interface");
  config.additional_arguments = reader.string("qemu_additional_args");
  check_id("vm_id", config.vm_id, findings);
  check_name("vm_name", config.vm_name, findings);
  check_name("template_name", config.template_name, findings);
  if (config.ballooning_minimum > config.memory) {
    findings.errors.push_back(
        fmt::format("ballooning_minimum ({}) must not be greater than memory ({})",
                    config.ballooning_minimum, config.memory));
  }
}

void read_cloud_init(const ConfigReader& reader, ProxmoxConfig& config) {
  CloudInitOptions& cloud = config.cloud_init;
  cloud.drive = reader.boolean("cloud_init");
  cloud.storage_pool = reader.string("cloud_init_storage_pool");
  cloud.disk_type = text_or(reader, "cloud_init_disk_type", cloud.disk_type);
  cloud.disable_upgrade = reader.tribool("cloud_init_disable_upgrade_packages");
  reader.require_one_of("cloud_init_disk_type", {"ide", "scsi", "sata"});
}

}  // namespace

ProxmoxConfig ProxmoxConfig::decode(Kind kind, const value::Value& value,
                                    const PrepareContext& context, Findings& findings) {
  ProxmoxConfig config;
  config.kind = kind;
  const ConfigReader reader(value, findings);
  config.access = read_access(reader, context.environment);
  config.http = steps::read_http_options(reader, context);
  config.boot = steps::read_boot_options(reader, context);
  // Each key is a request of its own here: the usual pause would be added to its time.
  const bool paced = !context.environment.get_or("PACKER_KEY_INTERVAL", "").empty();
  if (!reader.has("boot_key_interval") && !paced) config.boot.key_interval = kKeyInterval;
  if (reader.has("boot_keygroup_interval")) {
    findings.warnings.push_back(
        "boot_keygroup_interval has no effect: Proxmox takes keys one by one (boot_key_interval)");
  }
  config.communicator = CommunicatorOptions::decode(value, context, {}, findings);
  read_machine(reader, config);
  read_cloud_init(reader, config);
  read_devices(reader, config);
  read_isos(reader, context, config);
  if (kind == Kind::Clone) {
    read_clone(reader, config);
    check_id("clone_vm_id", config.clone.source_id, findings);
  }
  return config;
}

void register_config_check(ConfigChecks& checks) {
  struct Named {
    const char* type;
    Kind kind;
  };
  for (const Named& named : {Named{"proxmox-iso", Kind::Iso}, Named{"proxmox", Kind::Iso},
                             Named{"proxmox-clone", Kind::Clone}}) {
    checks.add(plan::ComponentKind::Builder, named.type,
               [named](const value::Value& config, const PrepareContext& context) {
                 Findings findings;
                 ProxmoxConfig::decode(named.kind, config, context, findings);
                 if (std::string_view(named.type) == "proxmox") {
                   findings.warnings.push_back(
                       "the builder name \"proxmox\" is deprecated: use \"proxmox-iso\"");
                 }
                 return findings;
               });
  }
}

}  // namespace farm::builders::platform_proxmox
