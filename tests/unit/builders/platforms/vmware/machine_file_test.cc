#include "builders/platforms/vmware/machine_file.h"

#include <gtest/gtest.h>

#include "builders/platforms/vmware/dhcp_leases.h"
#include "builders/platforms/vmware/driver.h"

namespace farm::builders::vmware {
namespace {

TEST(Vmx, KeepsWhatItReadAndFindsKeysInAnyCase) {
  Vmx vmx = Vmx::parse("# note\nGuestOS = \"other\"\r\n\nmemsize=\"512\"\nbroken line\n"
                       "note = \"say |22hi|22\"\n");
  EXPECT_EQ(vmx.get("guestos"), "other");
  EXPECT_EQ(vmx.get("note"), "say \"hi\"");
  vmx.set("GUESTOS", "linux");
  vmx.set("new.key", "a\"b");
  vmx.erase("MEMSIZE");
  EXPECT_EQ(vmx.text(), "GuestOS = \"linux\"\nnote = \"say |22hi|22\"\nnew.key = \"a|22b\"\n");
  EXPECT_FALSE(vmx.has("memsize"));
}

TEST(Slots, LeaveTheControllersPlaceAndTheCdFree) {
  EXPECT_EQ(disk_slot("lsilogic", 0).text(), "scsi0:0");
  EXPECT_EQ(disk_slot("pvscsi", 6).text(), "scsi0:6");
  EXPECT_EQ(disk_slot("scsi", 7).text(), "scsi0:8");
  EXPECT_EQ(disk_slot("sata", 1).text(), "sata0:2");
  EXPECT_EQ(disk_slot("ide", 1).text(), "ide1:0");
  EXPECT_EQ(disk_slot("nvme", 3).text(), "nvme0:3");
  EXPECT_EQ(cd_slot("lsilogic", "", 1).text(), "ide0:0");
  EXPECT_EQ(cd_slot("ide", "", 1).text(), "ide0:1");
  EXPECT_EQ(cd_slot("sata", "", 1).text(), "sata0:1");
  EXPECT_EQ(cd_slot("nvme", "", 1).text(), "sata0:0");
  EXPECT_EQ(cd_slot("lsilogic", "scsi", 2).text(), "scsi0:2");
  EXPECT_EQ(extra_cd_slot(cd_slot("lsilogic", "", 1)).text(), "ide1:1");
}

TEST(MachineText, HoldsTheOptions) {
  VmwareIsoConfig config;
  config.options.vm_name = "web";
  config.options.guest_os_type = "debian12-64";
  config.hardware.adapter = "vmxnet3";
  config.hardware.network = "vmnet7";
  config.hardware.network_name = "lab";
  config.hardware.cpus = 4;
  config.hardware.cores = 2;
  config.hardware.firmware = "efi-secure";
  config.hardware.usb = true;
  config.hardware.usb_version = "3.2";
  config.hardware.sound = true;
  config.hardware.serial = *parse_serial("PIPE:/tmp/p,server,vm,yield");
  config.hardware.parallel = *parse_parallel("FILE:/tmp/out");
  config.nested_virtualization = true;
  const Vmx vmx = Vmx::parse(machine_text(config, {"disk.vmdk", "disk-1.vmdk"}, "/a.iso"));
  const std::map<std::string, std::string> expected = {
      {"virtualhw.version", "21"}, {"displayname", "web"}, {"guestos", "debian12-64"},
      {"memsize", "512"}, {"numvcpus", "4"}, {"cpuid.corespersocket", "2"},
      {"vhv.enable", "TRUE"}, {"firmware", "efi"}, {"uefi.secureboot.enabled", "TRUE"},
      {"scsi0.virtualdev", "lsilogic"}, {"scsi0:0.filename", "disk.vmdk"},
      {"scsi0:1.filename", "disk-1.vmdk"}, {"ide0:0.filename", "/a.iso"},
      {"ide0:0.devicetype", "cdrom-image"}, {"ethernet0.connectiontype", "custom"},
      {"ethernet0.vnet", "vmnet7"}, {"ethernet0.networkname", "lab"},
      {"ethernet0.virtualdev", "vmxnet3"}, {"usb_xhci.version", "3.2"},
      {"sound.present", "TRUE"}, {"serial0.filetype", "pipe"},
      {"serial0.pipe.endpoint", "server"}, {"serial0.trynorxloss", "TRUE"},
      {"serial0.yieldonmsrread", "TRUE"}, {"parallel0.filename", "/tmp/out"}};
  for (const auto& [key, value] : expected) EXPECT_EQ(vmx.get(key), value) << key;
}

TEST(CleanMachine, TakesAwayWhatOnlyTheBuildNeeded) {
  Vmx vmx = Vmx::parse("displayName = \"x\"\nethernet0.present = \"TRUE\"\n");
  attach_cd(vmx, {"sata", 0, 1}, "/a.iso");
  attach_floppy(vmx, "/b.flp");
  enable_vnc(vmx, "127.0.0.1", 5901, Secret("pw"));
  EXPECT_EQ(vmx.get("remotedisplay.vnc.password"), "pw");
  clean_machine(vmx, true);
  EXPECT_EQ(vmx.get("sata0:1.devicetype"), "cdrom-raw");
  EXPECT_EQ(vmx.get("sata0:1.filename"), "auto detect");
  EXPECT_EQ(vmx.get("floppy0.present"), "FALSE");
  EXPECT_FALSE(vmx.has("floppy0.filename"));
  EXPECT_FALSE(vmx.has("remotedisplay.vnc.enabled"));
  EXPECT_FALSE(vmx.has("ethernet0.present"));
}

TEST(Leases, NewestFirst) {
  constexpr const char* kLeases = R"(# All times are in UTC
lease 192.168.37.128 {
	starts 4 2026/01/01 10:00:00;
	ends 4 2026/01/01 10:30:00;
	hardware ethernet 00:0c:29:aa:bb:cc;
	client-hostname "old";
}
lease 192.168.37.129 {
	ends 4 2026/02/01 10:30:00;
	hardware ethernet 00:0C:29:AA:BB:CC;
}
lease 192.168.37.130 {
	ends never;
	hardware ethernet 00:0c:29:11:22:33;
}
lease 192.168.37.128 {
	ends 4 2026/01/03 10:30:00;
	hardware ethernet 00:0c:29:aa:bb:cc;
}
)";
  EXPECT_EQ(leased_addresses(kLeases, "00:0c:29:aa:bb:cc"),
            (std::vector<std::string>{"192.168.37.129", "192.168.37.128"}));
  EXPECT_EQ(leased_addresses(kLeases, "00:0c:29:11:22:33"),
            std::vector<std::string>{"192.168.37.130"});
  EXPECT_TRUE(leased_addresses(kLeases, "00:0c:29:00:00:00").empty());
  EXPECT_TRUE(leased_addresses("lease {{{", "x").empty());
}

TEST(Installation, OfFusionIsInItsApplication) {
  VmwareOptions options;
  EXPECT_EQ(installation_of(options).vmrun, "vmrun");
  options.fusion_app_path = "/Applications/VMware Fusion.app";
  const Installation fusion = installation_of(options);
  EXPECT_EQ(fusion.kind, "fusion");
  EXPECT_EQ(fusion.vmrun, "/Applications/VMware Fusion.app/Contents/Library/vmrun");
  EXPECT_EQ(fusion.lowest_version, "13.6.0");
}

TEST(Version, IsCompared) {
  EXPECT_TRUE(version_reaches("17.6.0", "17.6.0"));
  EXPECT_TRUE(version_reaches("25.0.1", "17.6.0"));
  EXPECT_FALSE(version_reaches("17.5.2", "17.6.0"));
  EXPECT_FALSE(version_reaches("", "17.6.0"));
}

}  // namespace
}  // namespace farm::builders::vmware
