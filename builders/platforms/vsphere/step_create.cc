#include "builders/platforms/vsphere/step_create.h"

#include <fmt/format.h>

#include "builders/platforms/vsphere/step_hardware.h"

namespace farm::builders::vsphere {
namespace {

constexpr int64_t kFirstCard = -251;
constexpr int64_t kFirstUsb = -281;

Result<CardSpec> card_spec(const CardOptions& card, const MachineOptions& options,
                           Machine& machine, const CancelToken& cancel) {
  const Network network =
      card.network.empty()
          ? TRY(machine.inventory->network_of_host(options.location.host, cancel))
          : TRY(machine.inventory->network(card.network, options.location.host, cancel));
  return CardSpec{card.card, card.mac_address, card.passthrough,
                  TRY(network_backing(*machine.session, network, cancel))};
}

}  // namespace

std::vector<DiskSpec> disk_specs(const StorageOptions& storage, const Machine& machine) {
  std::vector<DiskSpec> disks;
  for (size_t i = 0; i < storage.disks.size(); ++i) {
    const StorageOptions::Disk& disk = storage.disks[i];
    disks.push_back({disk.size_mb, disk.thin, disk.eagerly_scrubbed, disk.controller,
                     i < machine.disk_stores.size() ? machine.disk_stores[i] : Datastore{}});
  }
  return disks;
}

Result<Reference> CreateVm::create(BuildContext& context) {
  context.ui.say("Creating VM...");
  Machine& vm = machine();
  const MachineOptions& wanted = options();
  std::vector<CardSpec> cards;
  for (const CardOptions& card : config_->cards) {
    cards.push_back(TRY(card_spec(card, wanted, vm, context.cancel)));
  }
  const std::string& firmware = wanted.hardware.firmware;
  const XmlNode made = TRY(run_task(
      *vm.session, vm.folder, "CreateVM_Task",
      [&](XmlWriter& out) {
        out.element("config", [&] {
          out.text("name", wanted.location.vm_name);
          if (config_->hardware_version != 0) {
            out.text("version", fmt::format("vmx-{:02}", config_->hardware_version));
          }
          out.text("guestId", config_->guest_os_type);
          out.text_if("annotation", wanted.notes);
          out.element("files", [&] { out.text("vmPathName", "[" + vm.datastore.name + "]"); });
          write_disks(out, wanted.storage.controllers, disk_specs(wanted.storage, vm), {});
          int64_t key = kFirstCard;
          for (const CardSpec& card : cards) write_card(out, card, key--);
          key = kFirstUsb;
          for (const std::string& kind : config_->usb_controllers) {
            write_usb_controller(out, kind, key--);
          }
          write_parameter(out, kTagKey, vm.tag);
          if (firmware == "efi-secure") {
            out.element("bootOptions", [&] { out.flag("efiSecureBootEnabled", true); });
          }
          if (!firmware.empty()) {
            out.text("firmware", firmware == "efi-secure" ? "efi" : firmware);
          }
        });
        out.reference("pool", vm.pool);
        out.reference_if("host", vm.host);
      },
      context.cancel));
  return made.reference();
}

// Only what the source declares as the user's to set can be set.
Result<XmlWriter> CloneVm::vapp_properties(const Reference& source,
                                             const CancelToken& cancel) const {
  if (config_->vapp_properties.empty()) return XmlWriter();
  const ObjectProperties found =
      TRY(retrieve(*machine().session, source, {"config.vAppConfig"}, cancel));
  XmlWriter out;
  std::map<std::string, std::string> left = config_->vapp_properties;
  for (const XmlNode& property : found.value("config.vAppConfig").children("property")) {
    const auto wanted = left.find(property.text("id"));
    if (wanted == left.end()) continue;
    if (!property.flag("userConfigurable")) {
      return invalid_input(
          fmt::format("vapp property '{}' of the template is not user-configurable", wanted->first));
    }
    out.element("property", [&] {
      out.text("operation", "edit");
      out.element("info", [&] {
        out.text("key", property.text("key"));
        out.text("id", wanted->first);
        out.flag("userConfigurable", true);
        out.text("value", wanted->second);
      });
    });
    left.erase(wanted);
  }
  if (!left.empty()) {
    return invalid_input(fmt::format("the template has no vapp property '{}'", left.begin()->first));
  }
  return out;
}

Result<Reference> CloneVm::create(BuildContext& context) {
  Machine& vm = machine();
  const MachineOptions& wanted = options();
  context.ui.say(fmt::format("Cloning VM from {}...", config_->source));
  const std::optional<Reference> source =
      TRY(vm.inventory->machine(config_->source, context.cancel));
  if (!source) {
    return not_found(fmt::format("template '{}' not found in datacenter {}", config_->source,
                                 vm.inventory->datacenter_path()));
  }
  vm.source = config_->source;
  Reference snapshot;
  if (config_->linked) {
    const ObjectProperties found =
        TRY(retrieve(*vm.session, *source, {"snapshot.currentSnapshot"}, context.cancel));
    snapshot = found.value("snapshot.currentSnapshot").reference();
    if (snapshot.empty()) {
      return invalid_input(fmt::format(
          "`linked_clone=true`, but template '{}' has no snapshots", config_->source));
    }
  }
  const std::vector<Device> devices = TRY(read_devices(*vm.session, *source, context.cancel));
  const Device* disk = nullptr;
  const Device* card = nullptr;
  for (const Device& device : devices) {
    if (disk == nullptr && device.type == "VirtualDisk") disk = &device;
    if (card == nullptr && is_network_card(device)) card = &device;
  }
  if (config_->disk_size_mb != 0) {
    if (disk == nullptr) return invalid_input("'disk_size': the template has no disk");
    if (config_->disk_size_mb * 1024 < disk->node.number("capacityInKB")) {
      return invalid_input(fmt::format(
          "'disk_size' {} MiB is smaller than the template's disk ({} MiB); disks only grow",
          config_->disk_size_mb, disk->node.number("capacityInKB") / 1024));
    }
  }
  std::optional<NetworkBacking> backing;
  if (!config_->network.empty()) {
    if (card == nullptr) return invalid_input("'network': the template has no network adapter");
    const Network network = TRY(
        vm.inventory->network(config_->network, wanted.location.host, context.cancel));
    backing = TRY(network_backing(*vm.session, network, context.cancel));
  }
  const XmlWriter properties = TRY(vapp_properties(*source, context.cancel));

  const XmlNode made = TRY(run_task(
      *vm.session, *source, "CloneVM_Task",
      [&](XmlWriter& out) {
        out.reference("folder", vm.folder);
        out.text("name", wanted.location.vm_name);
        out.element("spec", [&] {
          out.element("location", [&] {
            out.reference("datastore", vm.datastore.ref);
            if (config_->linked) out.text("diskMoveType", "createNewChildDiskBacking");
            out.reference("pool", vm.pool);
            out.reference_if("host", vm.host);
          });
          out.flag("template", false);
          out.element("config", [&] {
            out.text_if("annotation", wanted.notes);
            if (config_->disk_size_mb != 0) {
              write_disk_resize(out, *disk, config_->disk_size_mb * 1024);
            }
            write_disks(out, wanted.storage.controllers, disk_specs(wanted.storage, vm), devices);
            if (backing) write_card_change(out, *card, *backing, config_->mac_address);
            write_parameter(out, kTagKey, vm.tag);
            if (!properties.str().empty()) {
              out.element("vAppConfig", "VmConfigSpec", [&] { out.append(properties); });
            }
          });
          out.flag("powerOn", false);
          out.reference_if("snapshot", snapshot);
        });
      },
      context.cancel));
  return made.reference();
}

}  // namespace farm::builders::vsphere
