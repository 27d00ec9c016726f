#include "builders/platforms/proxmox/parameters.h"

#include "tests/unit/builders/platforms/proxmox/proxmox_fixture.h"

namespace farm::builders::platform_proxmox {
namespace {

using ParametersTest = ProxmoxFixture;

TEST_F(ParametersTest, TheMinimumHasTheDefaults) {
  const std::map<std::string, std::string> expected = {
      {"name", "tiny"},      {"description", "Packer ephemeral build VM\n\nfarm-x"},
      {"tags", "farm;farm-x"}, {"agent", "1"},
      {"kvm", "1"},          {"memory", "512"},
      {"cores", "1"},        {"sockets", "1"},
      {"numa", "0"},         {"cpu", "kvm64"},
      {"ostype", "other"},   {"scsihw", "lsi"},
      {"onboot", "0"},       {"ide2", "local:iso/a.iso,media=cdrom"}};
  EXPECT_EQ(request({}), expected);
}

struct Case {
  const char* name;
  Options options;
  const char* parameter;
  const char* value;  // nullptr: not sent
};

void check(const std::map<std::string, std::string>& sent, const Case& c) {
  const auto found = sent.find(c.parameter);
  if (c.value == nullptr) {
    EXPECT_EQ(found, sent.end());
  } else if (found == sent.end()) {
    ADD_FAILURE() << c.parameter << " is not sent";
  } else {
    EXPECT_EQ(found->second, c.value);
  }
}

TEST_F(ParametersTest, EveryPlainOptionHasItsParameter) {
  const Case cases[] = {
      {"vm_name", {{"vm_name", text("web.example.org")}}, "name", "web.example.org"},
      {"tags", {{"tags", text("a;b")}}, "tags", "a;b;farm;farm-x"},
      {"boot", {{"boot", text("order=scsi0;ide2")}}, "boot", "order=scsi0;ide2"},
      {"memory", {{"memory", number(2048)}}, "memory", "2048"},
      {"memory too small", {{"memory", number(15)}}, "memory", "512"},
      {"ballooning_minimum",
       {{"memory", number(2048)}, {"ballooning_minimum", number(1024)}}, "balloon", "1024"},
      {"no ballooning", {}, "balloon", nullptr},
      {"cores", {{"cores", number(4)}}, "cores", "4"},
      {"cores at least 1", {{"cores", number(0)}}, "cores", "1"},
      {"sockets", {{"sockets", number(2)}}, "sockets", "2"},
      {"cpu_type", {{"cpu_type", text("host")}}, "cpu", "host"},
      {"numa", {{"numa", on()}}, "numa", "1"},
      {"os", {{"os", text("l26")}}, "ostype", "l26"},
      {"bios", {{"bios", text("ovmf")}}, "bios", "ovmf"},
      {"machine", {{"machine", text("q35")}}, "machine", "q35"},
      {"no qemu_agent", {{"qemu_agent", off()}}, "agent", "0"},
      {"qemu_agent", {{"qemu_agent", on()}}, "agent", "1"},
      {"scsi_controller", {{"scsi_controller", text("virtio-scsi-pci")}}, "scsihw",
       "virtio-scsi-pci"},
      {"onboot", {{"onboot", on()}}, "onboot", "1"},
      {"disable_kvm", {{"disable_kvm", on()}}, "kvm", "0"},
      {"qemu_additional_args", {{"qemu_additional_args", text("-no-hpet -x 'a b'")}}, "args",
       "-no-hpet -x 'a b'"},
      {"serials", {{"serials", blocks({text("socket"), text("/dev/ttyS1")})}}, "serial1",
       "/dev/ttyS1"},
      {"vga", {{"vga", block({{"type", text("qxl")}, {"memory", number(64)}})}}, "vga",
       "type=qxl,memory=64"},
      {"rng0",
       {{"rng0", block({{"source", text("/dev/urandom")},
                        {"max_bytes", number(1024)},
                        {"period", number(1000)}})}},
       "rng0", "source=/dev/urandom,max_bytes=1024,period=1000"},
      {"tpm_config",
       {{"tpm_config", block({{"tpm_storage_pool", text("lvm")}, {"tpm_version", text("v1.2")}})}},
       "tpmstate0", "lvm:1,version=v1.2"},
      {"tpm_config default", {{"tpm_config", block({{"tpm_storage_pool", text("lvm")}})}},
       "tpmstate0", "lvm:1,version=v2.0"},
      {"efi_config",
       {{"efi_config", block({{"efi_storage_pool", text("lvm")},
                              {"efi_format", text("raw")},
                              {"efi_type", text("2m")},
                              {"pre_enrolled_keys", on()}})}},
       "efidisk0", "lvm:1,efitype=2m,format=raw,pre-enrolled-keys=1"},
      {"efidisk, the old spelling", {{"efidisk", text("lvm")}}, "efidisk0",
       "lvm:1,efitype=4m,pre-enrolled-keys=0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    check(request(c.options), c);
  }
}

Options disk(Options more) {
  more.emplace("storage_pool", text("lvm"));
  return {{"disks", blocks({block(std::move(more))})}, {"scsi_controller", text("virtio-scsi-single")}};
}

TEST_F(ParametersTest, Disks) {
  const Case cases[] = {
      {"defaults", disk({}), "scsi0", "lvm:20,aio=io_uring,cache=none,format=raw,replicate=0"},
      {"type", disk({{"type", text("virtio")}}), "virtio0",
       "lvm:20,aio=io_uring,cache=none,format=raw,replicate=0"},
      {"unknown type", disk({{"type", text("nvme")}}), "scsi0",
       "lvm:20,aio=io_uring,cache=none,format=raw,replicate=0"},
      {"size, cache and format",
       disk({{"disk_size", text("1T")},
             {"cache_mode", text("writeback")},
             {"format", text("qcow2")}}),
       "scsi0", "lvm:1024,aio=io_uring,cache=writeback,format=qcow2,replicate=0"},
      {"flags",
       disk({{"asyncio", text("threads")},
             {"io_thread", on()},
             {"exclude_from_backup", on()},
             {"discard", on()},
             {"ssd", on()}}),
       "scsi0",
       "lvm:20,aio=threads,cache=none,discard=on,format=raw,iothread=1,backup=0,ssd=1,"
       "replicate=0"},
      {"not whole GiB", disk({{"disk_size", text("5000M")}}), "scsi0",
       "lvm:0.001,aio=io_uring,cache=none,format=raw,replicate=0"},
      {"2048M is 2 GiB", disk({{"disk_size", text("2048M")}}), "scsi0",
       "lvm:2,aio=io_uring,cache=none,format=raw,replicate=0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    check(request(c.options), c);
  }
  request(disk({{"disk_size", text("5000M")}}));
  ASSERT_EQ(growths_.size(), 1U);
  EXPECT_EQ(growths_[0].slot + " " + growths_[0].size, "scsi0 5000M");
  request(disk({{"storage_pool_type", text("lvm")}}));
  EXPECT_TRUE(warned("storage_pool_type is deprecated"));
}

TEST_F(ParametersTest, NetworkCards) {
  const auto nic = [](Options more) {
    more.emplace("bridge", text("vmbr0"));
    return Options{{"network_adapters", blocks({block(std::move(more))})}};
  };
  const Case cases[] = {
      {"mac", nic({{"mac_address", text("52:54:00:12:34:56")}}), "net0",
       "e1000=52:54:00:12:34:56,bridge=vmbr0"},
      {"repeatable mac", nic({{"mac_address", text("repeatable")}}), "net0",
       "e1000=00:18:59:00:0F:60,bridge=vmbr0"},
      {"all",
       nic({{"mac_address", text("52:54:00:12:34:56")},
            {"model", text("virtio")},
            {"vlan_tag", text("40")},
            {"firewall", on()},
            {"mtu", number(9000)},
            {"packet_queues", number(4)}}),
       "net0", "virtio=52:54:00:12:34:56,bridge=vmbr0,tag=40,firewall=1,mtu=9000,queues=4"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    check(request(c.options), c);
  }
  SeededRandom random(7);
  const std::string mac = mac_address({}, 1, 0, random);
  ASSERT_EQ(mac.size(), 17U);
  // Local (second bit) and for one receiver (first bit off).
  EXPECT_NE(std::string("26AE").find(mac[1]), std::string::npos) << mac;
}

TEST_F(ParametersTest, PciDevices) {
  const Options all = {
      {"machine", text("q35")},
      {"pci_devices",
       blocks({block({{"host", text("0000:0d:00.1")},
                      {"device_id", text("0x10de")},
                      {"mdev", text("nvidia-35")},
                      {"pcie", on()},
                      {"hide_rombar", on()},
                      {"romfile", text("vbios.rom")},
                      {"sub_device_id", text("0x0001")},
                      {"sub_vendor_id", text("0x0002")},
                      {"vendor_id", text("0x0003")},
                      {"x_vga", on()}}),
               block({{"mapping", text("gpu")}})})}};
  const auto sent = request(all);
  EXPECT_EQ(sent.at("hostpci0"),
            "host=0000:0d:00.1,device-id=0x10de,mdev=nvidia-35,pcie=1,rombar=0,"
            "romfile=vbios.rom,sub-device-id=0x0001,sub-vendor-id=0x0002,vendor-id=0x0003,x-vga=1");
  EXPECT_EQ(sent.at("hostpci1"), "mapping=gpu");
  const auto igd = request(
      {{"machine", text("pc-i440fx-9.0")},
       {"vga", block({{"type", text("none")}})},
       {"pci_devices", blocks({block({{"host", text("00:02.0")}, {"legacy_igd", on()}})})}});
  EXPECT_EQ(igd.at("hostpci0"), "host=00:02.0,legacy-igd=1");
}

TEST_F(ParametersTest, CloudInitOfClones) {
  const auto sent = request(
      {{"nameserver", text("9.9.9.9 2620:fe::fe")},
       {"searchdomain", text("example.org")},
       {"network_adapters", blocks({block({{"bridge", text("vmbr0")}}),
                                    block({{"bridge", text("vmbr1")}})})},
       {"ipconfig", blocks({block({{"ip", text("10.0.0.5/24")},
                                   {"gateway", text("10.0.0.1")},
                                   {"ip6", text("2001:db8::5/64")},
                                   {"gateway6", text("2001:db8::1")}}),
                            block({{"ip", text("dhcp")}, {"ip6", text("auto")}})})}},
      Kind::Clone);
  EXPECT_EQ(sent.at("nameserver"), "9.9.9.9 2620:fe::fe");
  EXPECT_EQ(sent.at("searchdomain"), "example.org");
  EXPECT_EQ(sent.at("ipconfig0"), "ip=10.0.0.5/24,gw=10.0.0.1,ip6=2001:db8::5/64,gw6=2001:db8::1");
  EXPECT_EQ(sent.at("ipconfig1"), "ip=dhcp,ip6=auto");
  EXPECT_EQ(sent.at("ciuser"), "root");
  // Encoded once here, once more by the form.
  EXPECT_EQ(sent.at("sshkeys"), "ssh-ed25519%20AAAA%2B%2F%3D%20me%0A");
}

TEST_F(ParametersTest, SlotsOfDrives) {
  const auto iso = [](Options more) {
    more.emplace("iso_file", text("local:iso/b.iso"));
    return block(std::move(more));
  };
  const Options drives = {
      {"disks", blocks({block({{"storage_pool", text("lvm")}, {"type", text("ide")}})})},
      {"additional_iso_files",
       blocks({iso({{"type", text("ide")}, {"index", text("0")}}), iso({{"device", text("sata3")}}),
               iso({}), iso({{"type", text("scsi")}})})}};
  const ProxmoxConfig config = decode(drives);
  EXPECT_TRUE(warned("device is deprecated"));
  const SlotPlan plan = *plan_slots(config, {});
  // The boot ISO has index 2 by default and the first extra one 0; the disk comes before the rest.
  EXPECT_EQ(plan.disks, std::vector<std::string>{"ide1"});
  EXPECT_EQ(plan.isos, (std::vector<std::string>{"ide2", "ide0", "sata3", "ide3", "scsi0"}));
  const Result<SlotPlan> full = plan_slots(config, {"ide1"});
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().message, "too many devices on bus ide: it has the slots 0 to 3");
}

TEST_F(ParametersTest, SlotsBesideThoseOfACloneSource) {
  const ProxmoxConfig config = decode(
      {{"disks", blocks({block({{"storage_pool", text("lvm")}})})},
       {"additional_iso_files", blocks({block({{"iso_file", text("local:iso/b.iso")},
                                               {"type", text("scsi")},
                                               {"index", text("0")}})})}},
      Kind::Clone);
  const SlotPlan plan = *plan_slots(config, {"scsi0", "scsi1"});
  EXPECT_EQ(plan.isos, std::vector<std::string>{"scsi0"});
  EXPECT_EQ(plan.disks, std::vector<std::string>{"scsi2"});
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_EQ(plan.warnings[0],
            "the ISO at scsi0 takes the place of a disk of the cloned machine");
}

}  // namespace
}  // namespace farm::builders::platform_proxmox
