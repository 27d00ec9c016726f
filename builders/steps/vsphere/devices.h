// Virtual hardware: the devices a machine has, and deviceChange elements that add, change or remove
// some. Keys of devices to be added are negative, so that others of the same request can name them.
#pragma once

#include <string>
#include <vector>

#include "builders/steps/vsphere/inventory.h"

namespace farm::builders::vsphere {

struct Device {
  int64_t key = 0;
  std::string type;  // "VirtualDisk"
  std::string label;
  int64_t controller = 0;
  int64_t unit = -1;
  int64_t bus = 0;
  XmlNode node;
};

Result<std::vector<Device>> read_devices(Session& session, const Reference& machine,
                                         const CancelToken& cancel);
bool is_network_card(const Device& device);

/// What a network card is plugged into.
struct NetworkBacking {
  std::string kind;  // type of the network object
  Network network;
  std::string switch_uuid;  // of a distributed port group
  std::string port_group;
  std::string opaque_id;  // of an opaque network (NSX)
  std::string opaque_type;
};
Result<NetworkBacking> network_backing(Session& session, const Network& network,
                                       const CancelToken& cancel);

struct DiskSpec {
  int64_t size_mb = 0;
  bool thin = false;
  bool eagerly_scrubbed = false;
  size_t controller = 0;  // index into the controllers of the request
  Datastore datastore;    // empty: beside the machine
};

struct CardSpec {
  std::string card;  // as templates name it: "vmxnet3"
  std::string mac_address;
  bool passthrough = false;
  NetworkBacking backing;
};

/// Key that the disk of this index has in a request.
int64_t new_disk_key(size_t index);
/// Controllers and the disks on them. `present`: devices already there (for clones).
void write_disks(XmlWriter& out, const std::vector<std::string>& controllers,
                 const std::vector<DiskSpec>& disks, const std::vector<Device>& present);
void write_card(XmlWriter& out, const CardSpec& card, int64_t key);
/// Plugs an existing card into another network, with a fixed address if `mac_address` is given.
void write_card_change(XmlWriter& out, const Device& card, const NetworkBacking& backing,
                       const std::string& mac_address);
/// "usb" or "xhci".
void write_usb_controller(XmlWriter& out, const std::string& kind, int64_t key);
void write_disk_resize(XmlWriter& out, const Device& disk, int64_t size_kb);

/// A free place for a CD drive: an IDE or SATA controller with room, or a new SATA controller.
struct CdPlace {
  int64_t controller = 0;
  int64_t unit = 0;
  bool new_controller = false;
};
/// Conflict: both IDE controllers are full.
Result<CdPlace> place_for_cd(const std::vector<Device>& devices, const std::string& cdrom_type);
void write_sata_controller(XmlWriter& out, int64_t key, const std::vector<Device>& present);
/// A CD drive with the image at `iso` ("[datastore] path"); empty: an empty drive.
void write_cd(XmlWriter& out, const CdPlace& place, int64_t key, const std::string& iso);
/// The drive without its medium.
void write_cd_eject(XmlWriter& out, const Device& drive);
/// A floppy drive with the image at `image`.
void write_floppy(XmlWriter& out, const std::vector<Device>& devices, const std::string& image);
/// The deviceInfo member of a device that exists, for changes to it.
void write_device_info(XmlWriter& out, const Device& device);
void write_removal(XmlWriter& out, const Device& device);

}  // namespace farm::builders::vsphere
