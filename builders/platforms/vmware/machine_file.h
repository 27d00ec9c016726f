// The VMX file of a new machine from the options, and the changes every build makes to one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/platforms/vmware/config.h"
#include "builders/platforms/vmware/vmx.h"
#include "common/base/secret.h"

namespace farm::builders::vmware {

/// Where a disk or drive is plugged in: "scsi0:1".
struct Slot {
  std::string bus;  // scsi, ide, sata, nvme
  int controller = 0;
  int unit = 0;
  std::string text() const;
};

/// Place of disk number `index` on its adapter; unit 7 of a SCSI bus is the controller itself.
Slot disk_slot(const std::string& adapter, size_t index);
/// Place of the installation CD: beside the disks, or on the adapter the template asks for.
Slot cd_slot(const std::string& disk_adapter, const std::string& cdrom_adapter, size_t disks);
/// Place of the CD made of cd_files: the second controller.
Slot extra_cd_slot(const Slot& first);

/// The text of a new VMX, before vmx_data. `disks`: file names, first the system disk.
std::string machine_text(const VmwareIsoConfig& config, const std::vector<std::string>& disks,
                         const std::string& iso);
/// What a vmx_template_path can use as {{ .X }}.
std::map<std::string, std::string> template_fields(const VmwareIsoConfig& config,
                                                   const std::vector<std::string>& disks,
                                                   const std::string& iso);

/// A drive with this image.
void attach_cd(Vmx& vmx, const Slot& slot, const std::string& image);
void attach_floppy(Vmx& vmx, const std::string& image);
/// Disk `file` at the slot, with its controller.
void attach_disk(Vmx& vmx, const Slot& slot, const std::string& adapter, const std::string& file);
/// Turns the screen's VNC server on.
void enable_vnc(Vmx& vmx, const std::string& address, uint16_t port, const Secret& password);
/// Everything that only the build needed: media, VNC, network cards if asked for.
void clean_machine(Vmx& vmx, bool remove_ethernet);
/// vmx_data: keys in lower case; and what every machine of ours has.
void apply_data(Vmx& vmx, const std::map<std::string, std::string>& data);
void apply_defaults(Vmx& vmx);

}  // namespace farm::builders::vmware
