#include "builders/platforms/proxmox/step_place.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace farm::builders::platform_proxmox {
namespace {

// Every storage the configuration names.
std::set<std::string> storages_of(const ProxmoxConfig& config) {
  std::set<std::string> names;
  for (const DiskOptions& disk : config.disks) names.insert(disk.storage_pool);
  for (const IsoSource& iso : config.isos) {
    names.insert(iso.iso_file.empty() ? iso.storage_pool
                                      : iso.iso_file.substr(0, iso.iso_file.find(':')));
  }
  names.insert(config.efi.storage_pool);
  names.insert(config.tpm.storage_pool);
  names.insert(config.cloud_init.storage_pool);
  names.erase("");
  return names;
}

// Nodes that hold each of `wanted`, by the cluster's list of storages.
Result<std::set<std::string>> nodes_with(Client& client, const std::set<std::string>& wanted,
                                         const CancelToken& cancel) {
  const Json list = TRY(client.get("/cluster/resources", {{"type", "storage"}}, cancel));
  std::map<std::string, std::set<std::string>> held;
  if (list.is_array()) {
    for (const Json& entry : list) held[text_of(entry, "node")].insert(text_of(entry, "storage"));
  }
  std::set<std::string> nodes;
  for (const auto& [node, storages] : held) {
    if (std::includes(storages.begin(), storages.end(), wanted.begin(), wanted.end())) {
      nodes.insert(node);
    }
  }
  return nodes;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool is_disk_slot(const std::string& key) {
  for (const char* bus : {"ide", "sata", "scsi", "virtio"}) {
    const size_t length = std::string_view(bus).size();
    if (key.starts_with(bus) && key.size() > length &&
        key.find_first_not_of("0123456789", length) == std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<void> ChooseNode::run(BuildContext& context) {
  const Json version = TRY(client_->get("/version", {}, context.cancel));
  vm_->server_major = std::strtoll(text_of(version, "version").c_str(), nullptr, 10);
  vm_->mark = mark_of(context);
  if (!config_->node.empty()) {
    vm_->node = config_->node;
    return {};
  }
  const std::set<std::string> wanted = storages_of(*config_);
  const std::set<std::string> fit = TRY(nodes_with(*client_, wanted, context.cancel));
  const Json list = TRY(client_->get("/nodes", {}, context.cancel));
  // The farm's own choice knows of other builds that are on their way to a node.
  const std::string advised = context.environment.get_or("FARM_NODE", "-");
  double most = -1;
  std::set<std::string> offline;
  for (const Json& entry : list.is_array() ? list : Json::array()) {
    const std::string node = text_of(entry, "node");
    if (text_of(entry, "status") != "online") {
      offline.insert(node);
      continue;
    }
    if (!wanted.empty() && !fit.contains(node)) continue;
    const double free = real_of(entry, "maxmem") - real_of(entry, "mem");
    if (node != advised && (free <= most || vm_->node == advised)) continue;
    most = free;
    vm_->node = node;
  }
  if (vm_->node.empty()) {
    return unavailable(fmt::format("no online node has the storages {}{}", joined(wanted),
                                   offline.empty() ? "" : " (offline: " + joined(offline) + ")"));
  }
  context.ui.say(fmt::format("Node: {} ({} MiB of memory free)", vm_->node,
                             static_cast<int64_t>(most / (1024 * 1024))));
  return {};
}

Result<void> FindSource::run(BuildContext& context) {
  const CloneOptions& clone = config_->clone;
  const auto all = TRY(list_machines(*client_, context.cancel));
  std::optional<ListedMachine> source;
  if (clone.source_id != 0) {
    source = machine_with_id(all, clone.source_id);
    if (!source) {
      return not_found(fmt::format("clone_vm_id: there is no machine {} that {} may see",
                                   clone.source_id, client_->access().username));
    }
  } else {
    for (const ListedMachine& machine : machines_named(all, clone.source_name)) {
      if (!source || (source->node != vm_->node && machine.node == vm_->node)) source = machine;
    }
    if (!source) {
      return not_found(fmt::format("clone_vm: there is no machine called \"{}\" that {} may see",
                                   clone.source_name, client_->access().username));
    }
  }
  vm_->source_node = source->node;
  vm_->source_id = source->id;
  const Json settings =
      TRY(Machine(*client_, source->node, source->id).config(context.cancel));
  for (const auto& [key, value] : settings.items()) {
    const bool cd = value.is_string() &&
                    value.get<std::string>().find("media=cdrom") != std::string::npos;
    if (is_disk_slot(key) && !cd) vm_->source_disks.push_back(key);
  }
  return {};
}

Result<std::optional<ListedMachine>> ReplaceExisting::find(BuildContext& context) const {
  const auto all = TRY(list_machines(*client_, context.cancel));
  if (config_->vm_id != 0) return machine_with_id(all, config_->vm_id);
  const std::string& name = config_->final_name();
  if (name.empty()) return std::optional<ListedMachine>();
  const std::vector<ListedMachine> named = machines_named(all, name);
  if (named.size() > 1) {
    return conflict(fmt::format(
        "-force: {} machines are called \"{}\"; set vm_id to say which one is to be replaced",
        named.size(), name));
  }
  if (named.empty()) return std::optional<ListedMachine>();
  return std::optional(named.front());
}

Result<void> ReplaceExisting::run(BuildContext& context) {
  if (!context.force) return {};
  const std::optional<ListedMachine> found = TRY(find(context));
  if (!found) return {};
  if (!config_->skip_convert_to_template && !found->is_template) {
    return conflict(fmt::format(
        "-force: machine {} ({}) on node {} is not a template, so it is not deleted; choose "
        "another vm_id or name, or delete it yourself",
        found->id, found->name, found->node));
  }
  context.ui.say(fmt::format("Deleting the existing {} {} ({}) because of -force...",
                             found->is_template ? "template" : "machine", found->id, found->name));
  return Machine(*client_, found->node, found->id).remove(context.cancel);
}

}  // namespace farm::builders::platform_proxmox
