#include "builders/platforms/proxmox/step_finish.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace farm::builders::platform_proxmox {
namespace {

constexpr int64_t kFirstWithUpgradeSwitch = 8;

void append(std::string& list, const std::string& name) {
  list += (list.empty() ? "" : ",") + name;
}

std::string first_free_slot(const Json& current, const std::string& bus) {
  for (int slot = 0; slot <= last_slot(bus); ++slot) {
    const std::string name = fmt::format("{}{}", bus, slot);
    if (!current.contains(name)) return name;
  }
  return {};
}

// The pool of the disk the machine boots from: the old bootdisk setting, or the first of boot's
// order.
std::string boot_disk_pool(const Json& current) {
  std::string disk = text_of(current, "bootdisk");
  if (disk.empty()) {
    const std::string boot = text_of(current, "boot");
    if (boot.starts_with("order=")) {
      std::string rest = boot.substr(6) + ";";
      while (!rest.empty() && disk.empty()) {
        const size_t end = rest.find(';');
        const std::string name = rest.substr(0, end);
        const std::string value = name.empty() ? "" : text_of(current, name.c_str());
        const bool disk_like = value.find(':') != std::string::npos &&
                               value.find("media=cdrom") == std::string::npos &&
                               !name.starts_with("net");
        if (disk_like) disk = name;
        rest.erase(0, end + 1);
      }
    }
  }
  const std::string value = disk.empty() ? "" : text_of(current, disk.c_str());
  const size_t colon = value.find(':');
  return colon == std::string::npos ? "" : value.substr(0, colon);
}

Result<void> add_cloud_init(const ProxmoxConfig& config, const Vm& vm, const Json& current,
                            Parameters& changes) {
  const CloudInitOptions& cloud = config.cloud_init;
  if (!cloud.drive) return {};
  const std::string pool =
      cloud.storage_pool.empty() ? boot_disk_pool(current) : cloud.storage_pool;
  if (pool.empty()) {
    return invalid_input(
        "cloud_init: the machine has no boot disk to take the storage from: set "
        "cloud_init_storage_pool");
  }
  const std::string slot = first_free_slot(current, cloud.disk_type);
  if (slot.empty()) {
    return invalid_input(fmt::format(
        "cloud_init: no free slot is left on bus {}: set another cloud_init_disk_type",
        cloud.disk_type));
  }
  changes.emplace_back(slot, pool + ":cloudinit");
  if (cloud.disable_upgrade && vm.server_major >= kFirstWithUpgradeSwitch) {
    changes.emplace_back("ciupgrade", *cloud.disable_upgrade ? "0" : "1");
  }
  return {};
}

Result<void> add_drives(const ProxmoxConfig& config, const Vm& vm, const Json& current,
                        Parameters& changes, std::string& removed) {
  for (size_t i = 0; i < config.isos.size(); ++i) {
    const std::string& slot = vm.placement.slots.isos[i];
    const std::string value = text_of(current, slot.c_str());
    if (value.find("media=cdrom") == std::string::npos) {
      return conflict(fmt::format("{} holds no CD drive any more: {}", slot,
                                  value.empty() ? "it is gone" : value));
    }
    if (!config.isos[i].unmount) {
      changes.emplace_back(slot, vm.placement.iso_volumes[i] + ",media=cdrom");
    } else if (config.isos[i].keep_device) {
      changes.emplace_back(slot, "none,media=cdrom");
    } else {
      append(removed, slot);
    }
  }
  return {};
}

bool is_cloud_init_slot(const std::string& key, const std::string& value) {
  const bool bus = key.starts_with("ide") || key.starts_with("sata") || key.starts_with("scsi");
  return bus && value.find("-cloudinit") != std::string::npos &&
         value.find(",media=cdrom") != std::string::npos;
}

bool is_cloud_init_setting(const std::string& key) {
  for (const char* name : {"cipassword", "ciuser", "nameserver", "searchdomain", "sshkeys"}) {
    if (key == name) return true;
  }
  return key.starts_with("ipconfig");
}

}  // namespace

std::string cloud_init_settings(const Json& current) {
  std::string names;
  for (const auto& [key, value] : current.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (is_cloud_init_slot(key, text) || is_cloud_init_setting(key)) append(names, key);
  }
  return names;
}

Result<void> RemoveCloudInitDrive::run(BuildContext& context) {
  const Machine machine = vm_->machine(*client_);
  const Json current = TRY(machine.config(context.cancel));
  const std::string names = cloud_init_settings(current);
  if (names.empty()) return {};
  context.ui.say("Removing the build's cloud-init settings...");
  return machine.configure({{"delete", names}}, context.cancel);
}

Result<void> ConvertToTemplate::run(BuildContext& context) {
  if (config_->skip_convert_to_template) return {};
  const Machine machine = vm_->machine(*client_);
  context.ui.say(fmt::format("Stopping VM {}...", vm_->placement.id));
  TRY(machine.shut_down(context.cancel));
  context.ui.say(fmt::format("Converting VM {} to a template...", vm_->placement.id));
  return client_->post_task(machine.path("/template"), {}, context.cancel);
}

Result<Parameters> final_changes(const ProxmoxConfig& config, const Vm& vm, const Json& current) {
  Parameters changes = {{"name", config.template_name.empty() ? vm.placement.name
                                                              : config.template_name},
                        {"description", config.template_description},
                        {"tags", config.tags}};
  std::string removed;
  if (config.template_description.empty()) append(removed, "description");
  if (config.tags.empty()) append(removed, "tags");
  TRY(add_cloud_init(config, vm, current, changes));
  TRY(add_drives(config, vm, current, changes, removed));
  for (const auto& [key, value] : current.items()) {
    if (key.starts_with("unused")) append(removed, key);
  }
  changes.emplace_back("delete", removed);
  return changes;
}

Result<void> Finalize::run(BuildContext& context) {
  const Machine machine = vm_->machine(*client_);
  // The settings take effect on a machine that is off.
  if (config_->skip_convert_to_template) TRY(machine.shut_down(context.cancel));
  const Json current = TRY(machine.config(context.cancel));
  const Parameters changes = TRY(final_changes(*config_, *vm_, current));
  TRY(machine.configure(changes, context.cancel));
  if (config_->skip_convert_to_template) TRY(machine.start(context.cancel));
  vm_->finished = true;
  return {};
}

}  // namespace farm::builders::platform_proxmox
