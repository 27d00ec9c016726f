#include "builders/platforms/vsphere/config.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/support/fakes/json_options.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::vsphere {
namespace {

constexpr const char* kCommon = R"({
  "vcenter_server": "vc.example.org:8443", "username": "u", "password": "p",
  "insecure_connection": true, "datacenter": "DC0",
  "vm_name": "web", "folder": "/images/linux", "cluster": "C0", "host": "esx1",
  "resource_pool": "pool", "datastore": "ds1", "set_host_for_datastore_uploads": true,
  "CPUs": 4, "cpu_cores": 2, "CPU_reservation": 100, "CPU_limit": 2000, "CPU_hot_plug": true,
  "RAM": 2048, "RAM_reservation": 512, "RAM_hot_plug": true, "video_ram": 8192, "displays": 2,
  "pci_passthrough_allowed_device": [{"vendor_id": "0x10de", "device_id": "1db6",
                                      "sub_vendor_id": "10de", "sub_device_id": "1"}],
  "vgpu_profile": "grid", "NestedHV": true, "firmware": "efi-secure", "force_bios_setup": true,
  "vTPM": true, "precision_clock": "ntp",
  "disk_controller_type": ["pvscsi", "nvme"],
  "storage": [{"disk_size": 1024, "disk_thin_provisioned": true},
              {"disk_size": 2048, "disk_eagerly_scrub": true, "disk_controller_index": 1}],
  "vbs_enabled": true, "vvtd_enabled": true,
  "configuration_parameters": {"a": "b"}, "tools_sync_time": true,
  "tools_sync_time_periodically": true, "tools_upgrade_policy": true, "notes": "text",
  "cdrom_type": "sata", "iso_paths": ["[ds1] a.iso"],
  "cd_files": [], "cd_content": {"meta-data": ""}, "cd_label": "cidata",
  "floppy_img_path": "[ds1] a.flp", "floppy_files": ["f"], "floppy_dirs": ["d"],
  "floppy_content": {"a": "b"}, "floppy_label": "l",
  "boot_order": "disk", "boot_wait": "3s", "boot_command": ["<enter>"],
  "boot_keygroup_interval": "2ms", "http_ip": "192.0.2.1",
  "http_content": {"/a": "b"}, "http_port_min": 8100, "http_port_max": 8200,
  "http_bind_address": "192.0.2.1",
  "ip_wait_timeout": "1m", "ip_settle_timeout": "2s", "ip_wait_address": "10.0.0.0/8",
  "communicator": "ssh", "ssh_username": "root", "ssh_password": "x",
  "shutdown_command": "halt", "shutdown_timeout": "9s", "disable_shutdown": true,
  "remove_cdrom": true, "reattach_cdroms": 2, "remove_network_adapter": true,
  "create_snapshot": true, "snapshot_name": "s", "convert_to_template": true, "destroy": true,
  "export": {"name": "n", "force": true, "image_files": true, "manifest": "sha1",
             "output_directory": "out", "directory_permission": "0700", "options": ["mac"],
             "output_format": "ova"},
  "content_library_destination": {"library": "l", "name": "i", "description": "d", "cluster": "C1",
    "folder": "f", "host": "h", "resource_pool": "p", "datastore": "ds", "destroy": true,
    "ovf": true, "skip_import": true, "ovf_flags": ["PRESERVE_MAC"]}
})";

constexpr const char* kIso = R"({
  "vm_version": 19, "guest_os_type": "ubuntu64Guest",
  "network_adapters": [{"network": "VM Network", "network_card": "vmxnet3",
                        "mac_address": "00:50:56:00:00:01", "passthrough": true}],
  "usb_controller": ["true", "xhci"],
  "iso_url": "http://example.org/a.iso", "iso_checksum": "none", "iso_target_extension": "iso",
  "iso_target_path": "x", "local_cache_overwrite": true, "remote_cache_cleanup": true,
  "remote_cache_overwrite": true, "remote_cache_datastore": "ds2", "remote_cache_path": "/c/d/"
})";

constexpr const char* kClone = R"({
  "template": "base", "disk_size": 4096, "linked_clone": false, "network": "n",
  "mac_address": "00:50:56:00:00:02", "vapp": {"properties": {"k": "v"}},
  "customize": {
    "linux_options": {"domain": "example.org", "host_name": "h", "hw_clock_utc": false,
                      "time_zone": "Europe/Berlin"},
    "network_interface": [{"dns_server_list": ["192.0.2.53"], "dns_domain": "example.org",
                           "ipv4_address": "192.0.2.10", "ipv4_netmask": 24,
                           "ipv6_address": "2001:db8::10", "ipv6_netmask": 64}],
    "ipv4_gateway": "192.0.2.1", "ipv6_gateway": "2001:db8::1",
    "dns_server_list": ["192.0.2.54"], "dns_suffix_list": ["example.org"]}
})";

constexpr const char* kSmall = R"({
  "vcenter_server": "vc", "username": "u", "password": "p", "vm_name": "web", "host": "esx1",
  "communicator": "none", "storage": [{"disk_size": 10}]
})";

class VsphereConfig : public builders::testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    ASSERT_TRUE(io::write_file(root_ + "/work/f", ""));
    ASSERT_TRUE(io::make_directories(root_ + "/work/d"));
  }
  IsoConfig iso(const std::string& base, const std::string& more = "{}") {
    findings_ = Findings();
    return IsoConfig::decode(farm::testing::options(base, more), prepare_context(), findings_);
  }
  CloneConfig clone(const std::string& base, const std::string& more = "{}") {
    findings_ = Findings();
    return CloneConfig::decode(farm::testing::options(base, more), prepare_context(), findings_);
  }
  bool complained(const std::string& part) const {
    return std::any_of(findings_.errors.begin(), findings_.errors.end(),
                       [&](const std::string& error) {
                         return error.find(part) != std::string::npos;
                       });
  }
  Findings findings_;
};

std::string merged(const std::string& a, const std::string& b) {
  nlohmann::json json = nlohmann::json::parse(a);
  json.merge_patch(nlohmann::json::parse(b));
  return json.dump();
}

TEST_F(VsphereConfig, EveryCommonOptionIsDecoded) {
  const IsoConfig config = iso(merged(kCommon, kIso));
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  const MachineOptions& machine = config.machine;
  EXPECT_EQ(machine.connect.server, "vc.example.org:8443");
  EXPECT_EQ(machine.connect.password.reveal(), "p");
  EXPECT_TRUE(machine.connect.insecure);
  EXPECT_EQ(machine.location.folder, "images/linux");
  EXPECT_TRUE(machine.location.uploads_through_host);
  EXPECT_EQ(machine.hardware.cpu_limit_mhz, 2000);
  EXPECT_EQ(machine.hardware.memory_reservation_mb, 512);
  ASSERT_EQ(machine.hardware.pci_devices.size(), 1U);
  EXPECT_EQ(machine.hardware.pci_devices[0].vendor, 0x10de);
  EXPECT_EQ(machine.hardware.pci_devices[0].sub_device, 1);
  ASSERT_EQ(machine.storage.disks.size(), 2U);
  EXPECT_EQ(machine.storage.disks[1].controller, 1U);
  EXPECT_TRUE(machine.storage.disks[1].eagerly_scrubbed);
  EXPECT_EQ(machine.parameters.sync_time_periodically, true);
  EXPECT_EQ(machine.wait_address.network, "10.0.0.0/8");
  EXPECT_EQ(machine.wait_address.settle, std::chrono::seconds(2));
  EXPECT_EQ(machine.finish.shutdown.timeout, std::chrono::seconds(9));
  ASSERT_TRUE(machine.finish.exported);
  EXPECT_EQ(machine.finish.exported->directory_mode, 0700U);
  EXPECT_EQ(machine.finish.exported->format, "ova");
  ASSERT_TRUE(machine.finish.library);
  EXPECT_EQ(machine.finish.library->ovf_flags, std::vector<std::string>{"PRESERVE_MAC"});
  EXPECT_EQ(machine.boot.keygroup_interval, std::chrono::milliseconds(2));
  EXPECT_EQ(config.usb_controllers, (std::vector<std::string>{"usb", "xhci"}));
  EXPECT_EQ(config.cache.path, "c/d");
  EXPECT_TRUE(config.cache.cleanup && config.cache.overwrite && config.cache.local_overwrite);
  EXPECT_EQ(config.cards[0].mac_address, "00:50:56:00:00:01");
}

TEST_F(VsphereConfig, EveryOptionOfClonesIsDecoded) {
  const CloneConfig config = clone(merged(kCommon, kClone));
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.source, "base");
  EXPECT_EQ(config.disk_size_mb, 4096);
  EXPECT_EQ(config.vapp_properties.at("k"), "v");
  ASSERT_TRUE(config.customization && config.customization->linux_options);
  EXPECT_FALSE(config.customization->linux_options->hardware_clock_utc);
  EXPECT_EQ(config.customization->interfaces[0].ipv6_netmask, 64);
  EXPECT_EQ(config.customization->ipv6_gateway, "2001:db8::1");
}

TEST_F(VsphereConfig, WindowsIdentitiesAreDecoded) {
  CloneConfig config = clone(merged(kSmall, R"({"template": "base", "customize": {
      "windows_options": {"run_once_command_list": ["a"], "auto_logon": true,
        "auto_logon_count": 2, "admin_password": "secret", "time_zone": 110, "workgroup": "w",
        "computer_name": "c", "full_name": "f", "organization_name": "o", "product_key": "k"},
      "network_interface": [{}]}})"));
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  const WindowsCustomization& windows = *config.customization->windows_options;
  EXPECT_EQ(windows.time_zone, 110);
  EXPECT_EQ(windows.admin_password.reveal(), "secret");
  EXPECT_EQ(windows.product_key, "k");
  EXPECT_EQ(windows.auto_logon_count, 2);
  config = clone(merged(kSmall, R"({"template": "base", "customize": {
      "windows_sysprep_file": "f", "network_interface": [{}]}})"));
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.customization->sysprep_file, "f");
  config = clone(merged(kSmall, R"({"template": "base", "customize": {
      "windows_sysprep_text": "t", "network_interface": [{}]}})"));
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.customization->sysprep_text, "t");
}

TEST_F(VsphereConfig, DefaultsAreThoseOfTheReference) {
  const IsoConfig config = iso(kSmall);
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.guest_os_type, "otherGuest");
  EXPECT_EQ(config.cache.path, "packer_cache");
  EXPECT_EQ(config.machine.storage.controllers, std::vector<std::string>{"lsilogic"});
  EXPECT_EQ(config.machine.cdrom_type, "ide");
  EXPECT_EQ(config.machine.wait_address.timeout, std::chrono::minutes(30));
  EXPECT_EQ(config.machine.wait_address.settle, std::chrono::seconds(5));
  EXPECT_EQ(config.machine.finish.snapshot_name, "Created By Packer");
  EXPECT_TRUE(config.iso.urls.empty());
  const IsoConfig exported = iso(kSmall, R"({"export": {}, "content_library_destination":
      {"library": "l"}, "http_directory": "d", "http_interface": "lo",
      "http_network_protocol": "tcp", "iso_urls": ["f"], "iso_checksum": "none",
      "RAM_reserve_all": true, "datastore_cluster": "pod",
      "boot_steps": [["<enter>", "go"]]})");
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(exported.machine.finish.exported->name, "web");
  EXPECT_EQ(exported.machine.finish.exported->directory, "output-base");
  EXPECT_EQ(exported.machine.finish.library->description, "Packer imported web VM template");
  EXPECT_EQ(exported.machine.finish.library->name.substr(0, 3), "web");
  EXPECT_TRUE(exported.machine.hardware.reserve_all_memory);
}

TEST_F(VsphereConfig, MistakesOfIsoTemplatesAreNamed) {
  struct Case {
    const char* options;
    const char* error;
  };
  const std::vector<Case> cases = {
      {R"({"vcenter_server": null})", "'vcenter_server' is required"},
      {R"({"username": null})", "'username' is required"},
      {R"({"password": null})", "'password' is required"},
      {R"({"vm_name": null})", "'vm_name' is required"},
      {R"({"host": null})", "'host' or 'cluster' is required"},
      {R"({"datastore": "a", "datastore_cluster": "b"})", "mutually exclusive"},
      {R"({"storage": null})", "no storage devices have been defined"},
      {R"({"storage": [{}]})", "storage[0].'disk_size' is required"},
      {R"({"storage": [{"disk_size": 1, "disk_controller_index": 3}]})",
       "storage[0].'disk_controller_index' references an unknown disk controller"},
      {R"({"disk_controller_type": ["floppy"]})", "unknown 'disk_controller_type' \"floppy\""},
      {R"({"usb_controller": ["ps2"]})", "unknown 'usb_controller' \"ps2\""},
      {R"({"usb_controller": ["usb", "true"]})", "there can only be one 'usb_controller'"},
      {R"({"network_adapters": [{"network": "n"}]})",
       "network_adapters[0].'network_card' is required"},
      {R"({"RAM_reservation": 1, "RAM_reserve_all": true})",
       "'RAM_reservation' and 'RAM_reserve_all' cannot be used together"},
      {R"({"firmware": "uefi"})", "'firmware' must be '', 'bios', 'efi' or 'efi-secure'"},
      {R"({"vTPM": true})", "'vTPM' could be enabled only when 'firmware' is set"},
      {R"({"vbs_enabled": true})", "'vvtd_enabled' must be set to 'true'"},
      {R"({"vbs_enabled": true, "vvtd_enabled": true})", "'NestedHV' must be set to 'true'"},
      {R"({"vbs_enabled": true, "vvtd_enabled": true, "NestedHV": true})",
       "'firmware' must be set to 'efi-secure'"},
      {R"({"tools_sync_time_periodically": true})", "'tools_sync_time' must be set to 'true'"},
      {R"({"reattach_cdroms": 5})", "'reattach_cdroms' should be between 1 and 4"},
      {R"({"cdrom_type": "scsi"})", "'cdrom_type' must be 'ide' or 'sata'"},
      {R"({"ip_wait_address": "10.0.0.0"})", "unable to parse 'ip_wait_address'"},
      {R"({"precision_clock": "gps"})", "'precision_clock' must be"},
      {R"({"CPUs": -1})", "'CPUs' must not be negative"},
      {R"({"pci_passthrough_allowed_device": [{"vendor_id": "xyz", "device_id": "1"}]})",
       "'vendor_id' must be a PCI id in hexadecimal"},
      {R"({"set_host_for_datastore_uploads": true, "host": null, "cluster": "c"})",
       "'set_host_for_datastore_uploads' needs 'host'"},
      {R"({"export": {"manifest": "md5"}})", "unknown hash: md5"},
      {R"({"export": {"output_format": "vmx"}})", "unsupported 'output_format' \"vmx\""},
      {R"({"export": {"directory_permission": "rwx"}})", "must be an octal file mode"},
      {R"({"content_library_destination": {}})", "a library name must be provided"},
      {R"({"content_library_destination": {"library": "l", "name": "web"}})",
       "the content library destination name must be different from the VM name"},
      {R"({"content_library_destination": {"library": "l", "ovf_flags": ["X"]}})",
       "'ovf_flags' needs 'ovf = true'"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.options);
    iso(kSmall, c.options);
    EXPECT_TRUE(complained(c.error)) << findings_.text();
  }
}

TEST_F(VsphereConfig, MistakesOfCloneTemplatesAreNamed) {
  struct Case {
    const char* options;
    const char* error;
  };
  const std::vector<Case> cases = {
      {R"({"template": null})", "'template' is required"},
      {R"({"linked_clone": true, "disk_size": 1})",
       "'linked_clone' and 'disk_size' cannot be used together"},
      {R"({"mac_address": "00:50:56:00:00:01"})", "'network' is required when 'mac_address'"},
      {R"({"customize": {"network_interface": [{}]}})", "exactly one of 'linux_options'"},
      {R"({"customize": {"linux_options": {"host_name": "h", "domain": "d"}}})",
       "one or more 'network_interface' must be provided"},
      {R"({"customize": {"linux_options": {}, "network_interface": [{}]}})",
       "linux options 'host_name' is empty"},
      {R"({"customize": {"windows_options": {}, "network_interface": [{}]}})",
       "windows options 'computer_name' is empty"},
      {R"({"customize": {"windows_sysprep_file": "no", "network_interface": [{}]}})",
       "does not exist"},
      {R"({"customize": {"windows_sysprep_text": "t", "network_interface":
           [{"ipv4_address": "192.0.2.1"}]}})", "needs an 'ipv4_netmask' from 1 to 32"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.options);
    clone(merged(kSmall, R"({"template": "base"})"), c.options);
    EXPECT_TRUE(complained(c.error)) << findings_.text();
  }
}

TEST(AddressBlock, ContainsItsAddresses) {
  const Result<AddressBlock> v4 = parse_address_block("192.0.2.128/25");
  ASSERT_TRUE(v4);
  EXPECT_TRUE(v4->contains("192.0.2.200"));
  EXPECT_FALSE(v4->contains("192.0.2.1"));
  EXPECT_FALSE(v4->contains("2001:db8::1"));
  const Result<AddressBlock> v6 = parse_address_block("2001:db8::/32");
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->contains("2001:db8:1::1"));
  EXPECT_FALSE(v6->contains("2001:db9::1"));
  for (const char* bad : {"", "192.0.2.1", "192.0.2.1/33", "x/8", "192.0.2.1/"}) {
    EXPECT_FALSE(parse_address_block(bad)) << bad;
  }
}

}  // namespace
}  // namespace farm::builders::vsphere
