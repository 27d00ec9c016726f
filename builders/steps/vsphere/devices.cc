#include "builders/steps/vsphere/devices.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "builders/steps/vsphere/hardware_names.h"

namespace farm::builders::vsphere {
namespace {

constexpr int64_t kFirstNewController = -101;
constexpr int64_t kFirstNewDisk = -201;
constexpr int64_t kScsiOwnUnit = 7;  // the controller's own place on its bus
constexpr int64_t kIdePlaces = 2;
constexpr int64_t kSataPlaces = 30;

bool is_scsi(const std::string& type) {
  return type.find("SCSI") != std::string::npos || type.find("LsiLogic") != std::string::npos ||
         type.find("BusLogic") != std::string::npos;
}

// Controllers of one family share bus numbers.
std::string bus_family(const std::string& type) {
  if (is_scsi(type)) return "scsi";
  if (type == "VirtualAHCIController" || type == "VirtualSATAController") return "sata";
  return type;
}

int64_t free_bus(const std::string& type, const std::vector<Device>& present,
                 const std::vector<std::string>& added) {
  std::set<int64_t> taken;
  for (const Device& device : present) {
    if (bus_family(device.type) == bus_family(type)) taken.insert(device.bus);
  }
  int64_t bus = 0;
  int64_t to_skip = std::count_if(added.begin(), added.end(), [&](const std::string& other) {
    return bus_family(other) == bus_family(type);
  });
  while (taken.contains(bus) || to_skip-- > 0) ++bus;
  return bus;
}

void write_connectable(XmlWriter& out, bool start_connected) {
  out.element("connectable", [&] {
    out.flag("startConnected", start_connected);
    out.flag("allowGuestControl", true);
    out.flag("connected", start_connected);
  });
}

template <class Members>
void write_change(XmlWriter& out, const char* operation, const char* file_operation,
                  const std::string& type, Members members) {
  out.element("deviceChange", [&] {
    out.text("operation", operation);
    if (*file_operation != '\0') out.text("fileOperation", file_operation);
    out.element("device", type, members);
  });
}

void write_controller(XmlWriter& out, const std::string& type, int64_t key, int64_t bus) {
  write_change(out, "add", "", type, [&] {
    out.number("key", key);
    out.number("busNumber", bus);
    if (is_scsi(type)) out.text("sharedBus", "noSharing");
  });
}

// A change names the device as the server described it.
void write_identity(XmlWriter& out, const Device& device) {
  out.number("key", device.key);
  write_device_info(out, device);
}

void write_network(XmlWriter& out, const NetworkBacking& backing) {
  if (backing.kind == "DistributedVirtualPortgroup") {
    out.element("backing", "VirtualEthernetCardDistributedVirtualPortBackingInfo", [&] {
      out.element("port", [&] {
        out.text("switchUuid", backing.switch_uuid);
        out.text("portgroupKey", backing.port_group);
      });
    });
  } else if (backing.kind == "OpaqueNetwork") {
    out.element("backing", "VirtualEthernetCardOpaqueNetworkBackingInfo", [&] {
      out.text("opaqueNetworkId", backing.opaque_id);
      out.text("opaqueNetworkType", backing.opaque_type);
    });
  } else {
    out.element("backing", "VirtualEthernetCardNetworkBackingInfo", [&] {
      out.text("deviceName", backing.network.name);
      out.reference("network", backing.network.ref);
    });
  }
}

void write_address(XmlWriter& out, const std::string& mac_address) {
  std::string lower = mac_address;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  out.text("addressType", mac_address.empty() ? "generated" : "manual");
  out.text_if("macAddress", lower);
}

}  // namespace

void write_device_info(XmlWriter& out, const Device& device) {
  const XmlNode info = device.node.child("deviceInfo");
  if (!info) return;
  out.element("deviceInfo", "Description", [&] {
    out.text("label", info.text("label"));
    out.text("summary", info.text("summary"));
  });
}

Result<std::vector<Device>> read_devices(Session& session, const Reference& machine,
                                         const CancelToken& cancel) {
  const ObjectProperties properties =
      TRY(retrieve(session, machine, {"config.hardware.device"}, cancel));
  std::vector<Device> devices;
  for (const XmlNode& node : array_elements(properties.value("config.hardware.device"))) {
    devices.push_back({node.number("key"), node.type(), node.text("deviceInfo.label"),
                       node.number("controllerKey"), node.number("unitNumber", -1),
                       node.number("busNumber"), node});
  }
  return devices;
}

bool is_network_card(const Device& device) { return is_card_type(device.type); }

Result<NetworkBacking> network_backing(Session& session, const Network& network,
                                       const CancelToken& cancel) {
  NetworkBacking backing{network.ref.type, network, {}, {}, {}, {}};
  if (backing.kind == "DistributedVirtualPortgroup") {
    const ObjectProperties group = TRY(
        retrieve(session, network.ref, {"key", "config.distributedVirtualSwitch"}, cancel));
    backing.port_group = group.text("key");
    const Reference device = group.value("config.distributedVirtualSwitch").reference();
    const ObjectProperties owner = TRY(retrieve(session, device, {"uuid"}, cancel));
    backing.switch_uuid = owner.text("uuid");
  } else if (backing.kind == "OpaqueNetwork") {
    const ObjectProperties opaque = TRY(retrieve(session, network.ref, {"summary"}, cancel));
    backing.opaque_id = opaque.value("summary").text("opaqueNetworkId");
    backing.opaque_type = opaque.value("summary").text("opaqueNetworkType");
  }
  return backing;
}

int64_t new_disk_key(size_t index) { return kFirstNewDisk - static_cast<int64_t>(index); }

void write_disks(XmlWriter& out, const std::vector<std::string>& controllers,
                 const std::vector<DiskSpec>& disks, const std::vector<Device>& present) {
  std::vector<std::string> types;
  for (const std::string& name : controllers) {
    const std::string type = controller_type(name);
    write_controller(out, type, kFirstNewController - static_cast<int64_t>(types.size()),
                     free_bus(type, present, types));
    types.push_back(type);
  }
  std::vector<int64_t> units(controllers.size(), 0);
  for (size_t i = 0; i < disks.size(); ++i) {
    const DiskSpec& disk = disks[i];
    int64_t& unit = units[disk.controller];
    if (is_scsi(types[disk.controller]) && unit == kScsiOwnUnit) ++unit;
    write_change(out, "add", "create", "VirtualDisk", [&] {
      out.number("key", new_disk_key(i));
      out.element("backing", "VirtualDiskFlatVer2BackingInfo", [&] {
        out.text("fileName", disk.datastore.empty() ? "" : "[" + disk.datastore.name + "]");
        out.reference_if("datastore", disk.datastore.ref);
        out.text("diskMode", "persistent");
        out.flag("thinProvisioned", disk.thin);
        out.flag("eagerlyScrub", disk.eagerly_scrubbed);
      });
      out.number("controllerKey", kFirstNewController - static_cast<int64_t>(disk.controller));
      out.number("unitNumber", unit++);
      out.number("capacityInKB", disk.size_mb * 1024);
    });
  }
}

void write_card(XmlWriter& out, const CardSpec& card, int64_t key) {
  write_change(out, "add", "", card_type(card.card), [&] {
    out.number("key", key);
    write_network(out, card.backing);
    write_connectable(out, true);
    write_address(out, card.mac_address);
    if (card.passthrough) out.flag("uptCompatibilityEnabled", true);
  });
}

void write_card_change(XmlWriter& out, const Device& card, const NetworkBacking& backing,
                       const std::string& mac_address) {
  write_change(out, "edit", "", card.type, [&] {
    write_identity(out, card);
    write_network(out, backing);
    write_connectable(out, true);
    out.number("controllerKey", card.controller);
    out.number("unitNumber", card.unit);
    if (!mac_address.empty()) {
      write_address(out, mac_address);
    } else {
      out.text_if("addressType", card.node.text("addressType"));
      out.text_if("macAddress", card.node.text("macAddress"));
    }
  });
}

void write_usb_controller(XmlWriter& out, const std::string& kind, int64_t key) {
  const bool xhci = kind == "xhci";
  write_change(out, "add", "", xhci ? "VirtualUSBXHCIController" : "VirtualUSBController", [&] {
    out.number("key", key);
    out.number("busNumber", 0);
    if (!xhci) out.flag("ehciEnabled", true);
  });
}

void write_disk_resize(XmlWriter& out, const Device& disk, int64_t size_kb) {
  write_change(out, "edit", "", "VirtualDisk", [&] {
    write_identity(out, disk);
    const XmlNode backing = disk.node.child("backing");
    out.element("backing", backing.type(), [&] {
      out.text("fileName", backing.text("fileName"));
      out.reference_if("datastore", backing.child("datastore").reference());
      out.text("diskMode", backing.text("diskMode"));
    });
    out.number("controllerKey", disk.controller);
    out.number("unitNumber", disk.unit);
    out.number("capacityInKB", size_kb);
  });
}

Result<CdPlace> place_for_cd(const std::vector<Device>& devices, const std::string& cdrom_type) {
  const bool sata = cdrom_type == "sata";
  for (const Device& controller : devices) {
    if (controller.type != (sata ? "VirtualAHCIController" : "VirtualIDEController")) continue;
    std::set<int64_t> taken;
    for (const Device& device : devices) {
      if (device.controller == controller.key) taken.insert(device.unit);
    }
    for (int64_t unit = 0; unit < (sata ? kSataPlaces : kIdePlaces); ++unit) {
      if (!taken.contains(unit)) return CdPlace{controller.key, unit, false};
    }
  }
  if (sata) return CdPlace{kFirstNewController, 0, true};
  return conflict(
      "no place for another CD drive on the IDE controllers (two each); set cdrom_type = \"sata\"");
}

void write_sata_controller(XmlWriter& out, int64_t key, const std::vector<Device>& present) {
  write_controller(out, "VirtualAHCIController", key,
                   free_bus("VirtualAHCIController", present, {}));
}

void write_cd(XmlWriter& out, const CdPlace& place, int64_t key, const std::string& iso) {
  write_change(out, "add", "", "VirtualCdrom", [&] {
    out.number("key", key);
    if (iso.empty()) {
      out.element("backing", "VirtualCdromRemotePassthroughBackingInfo", [&] {
        out.text("deviceName", "");
        out.flag("exclusive", false);
      });
    } else {
      out.element("backing", "VirtualCdromIsoBackingInfo", [&] { out.text("fileName", iso); });
    }
    write_connectable(out, !iso.empty());
    out.number("controllerKey", place.controller);
    out.number("unitNumber", place.unit);
  });
}

void write_cd_eject(XmlWriter& out, const Device& drive) {
  write_change(out, "edit", "", "VirtualCdrom", [&] {
    write_identity(out, drive);
    out.element("backing", "VirtualCdromRemotePassthroughBackingInfo", [&] {
      out.text("deviceName", "");
      out.flag("exclusive", false);
    });
    write_connectable(out, false);
    out.number("controllerKey", drive.controller);
    out.number("unitNumber", drive.unit);
  });
}

void write_floppy(XmlWriter& out, const std::vector<Device>& devices, const std::string& image) {
  int64_t controller = 0;
  int64_t unit = 0;
  for (const Device& device : devices) {
    if (device.type == "VirtualSIOController") controller = device.key;
  }
  for (const Device& device : devices) {
    if (device.type == "VirtualFloppy" && device.controller == controller) ++unit;
  }
  write_change(out, "add", "", "VirtualFloppy", [&] {
    out.number("key", -301 - unit);
    out.element("backing", "VirtualFloppyImageBackingInfo",
                [&] { out.text("fileName", image); });
    write_connectable(out, true);
    if (controller != 0) {
      out.number("controllerKey", controller);
      out.number("unitNumber", unit);
    }
  });
}

void write_removal(XmlWriter& out, const Device& device) {
  const bool bus = device.node.child("busNumber") ? true : false;
  write_change(out, "remove", "", device.type, [&] {
    out.number("key", device.key);
    if (bus) out.number("busNumber", device.bus);
  });
}

}  // namespace farm::builders::vsphere
