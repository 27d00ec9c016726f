#include "builders/platforms/vmware/config.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/support/fakes/json_options.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::vmware {
namespace {

constexpr const char* kBoth = R"({
  "vm_name": "web", "display_name": "Web", "guest_os_type": "debian12-64", "version": 20,
  "snapshot_name": "s", "cdrom_adapter_type": "sata", "output_directory": "out",
  "fusion_app_path": "/Applications/VMware Fusion.app",
  "disk_additional_size": [100, 200], "disk_adapter_type": "nvme", "vmdk_name": "d",
  "disk_type_id": "0",
  "headless": true, "vnc_bind_address": "0.0.0.0", "vnc_port_min": 5901, "vnc_port_max": 5910,
  "vnc_disable_password": true, "disable_vnc": false, "boot_key_interval": "5ms",
  "tools_mode": "upload", "tools_upload_flavor": "linux", "tools_upload_path": "/tmp/{{.Flavor}}",
  "vmx_data": {"A": "b"}, "vmx_data_post": {"c": "d"}, "vmx_remove_ethernet_interfaces": true,
  "format": "ova", "ovftool_options": ["--compress=9"], "skip_export": true,
  "skip_compaction": true, "shutdown_command": "halt", "shutdown_timeout": "9s",
  "boot_keygroup_interval": "2ms", "http_directory": "d", "http_port_min": 8100,
  "http_port_max": 8200, "http_bind_address": "192.0.2.1", "http_network_protocol": "tcp",
  "floppy_files": ["t.vmx"], "floppy_dirs": ["d"], "floppy_label": "l",
  "floppy_content": {"a": "b"}, "cd_files": ["t.vmx"], "cd_content": {"a": "b"}, "cd_label": "c",
  "communicator": "none"
})";

constexpr const char* kIso = R"({
  "iso_url": "http://example.org/a.iso", "iso_checksum": "none", "network_adapter_type": "e1000e",
  "disk_size": 1000, "firmware": "efi-secure", "cpus": 2, "cores": 1, "memory": 1024,
  "network": "vmnet3", "network_name": "lab", "sound": true, "usb": true, "usb_version": "3.2",
  "serial": "PIPE:/tmp/p,server,app,yield", "parallel": "DEVICE:/dev/lp0,BI", "vhv_enabled": true,
  "vmx_template_path": "t.vmx", "vmx_disk_template_path": "d.vmx"
})";

constexpr const char* kSmall = R"({"iso_url": "http://example.org/a.iso", "iso_checksum": "none",
  "network_adapter_type": "vmxnet3", "communicator": "none", "shutdown_command": "halt"})";

class VmwareConfig : public builders::testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    ASSERT_TRUE(io::make_directories(root_ + "/work/d"));
    for (const char* name : {"t.vmx", "d.vmx", "source.vmx", "source.ova"}) {
      ASSERT_TRUE(io::write_file(root_ + "/work/" + name, "x = \"y\"\n"));
    }
  }
  VmwareIsoConfig iso(const std::string& base, const std::string& more = "{}") {
    findings_ = Findings();
    return VmwareIsoConfig::decode(farm::testing::options(base, more), prepare_context(),
                                   findings_);
  }
  VmwareVmxConfig vmx(const std::string& base, const std::string& more = "{}") {
    findings_ = Findings();
    return VmwareVmxConfig::decode(farm::testing::options(base, more), prepare_context(),
                                   findings_);
  }
  bool said(const std::vector<std::string>& texts, const std::string& part) const {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return text.find(part) != std::string::npos;
    });
  }
  Findings findings_;
};

std::string merged(const std::string& a, const std::string& b) {
  nlohmann::json json = nlohmann::json::parse(a);
  json.merge_patch(nlohmann::json::parse(b));
  return json.dump();
}

TEST_F(VmwareConfig, EveryOptionOfIsoTemplatesIsDecoded) {
  const VmwareIsoConfig config = iso(merged(kBoth, kIso));
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.options.disks.additional_mb, (std::vector<int64_t>{100, 200}));
  EXPECT_EQ(config.options.disks.size_mb, 1000);
  EXPECT_EQ(config.options.version, 20);
  EXPECT_EQ(config.options.vnc_port_min, 5901);
  EXPECT_EQ(config.options.tools.flavor, "linux");
  EXPECT_EQ(config.options.boot.key_interval, std::chrono::milliseconds(5));
  EXPECT_EQ(config.options.exported.options, std::vector<std::string>{"--compress=9"});
  EXPECT_FALSE(config.options.exported.wanted());
  EXPECT_EQ(config.hardware.network, "vmnet3");
  EXPECT_EQ(config.hardware.serial.kind, PortSpec::Kind::Pipe);
  EXPECT_TRUE(config.hardware.serial.server && config.hardware.serial.application);
  EXPECT_TRUE(config.hardware.serial.yield);
  EXPECT_TRUE(config.hardware.parallel.bidirectional);
  EXPECT_TRUE(config.nested_virtualization);
}

TEST_F(VmwareConfig, EveryOptionOfVmxTemplatesIsDecoded) {
  VmwareVmxConfig config = vmx(kBoth, R"({"source_path": "source.vmx", "linked": true,
                                          "attach_snapshot": "base"})");
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_TRUE(config.linked);
  EXPECT_EQ(config.attach_snapshot, "base");
  config = vmx(kBoth, R"({"source_path": "source.ova", "vm_name": null, "tools_upload_flavor": null,
                          "tools_source_path": "source.vmx", "tools_mode": "attach"})");
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.options.tools.source_path, "source.vmx");
  EXPECT_EQ(config.options.vm_name.substr(0, 12), "packer-base-");
}

TEST_F(VmwareConfig, DefaultsAreThoseOfTheReference) {
  const VmwareIsoConfig config = iso(kSmall);
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.options.vm_name, "packer-base");
  EXPECT_EQ(config.options.output_directory, "output-base");
  EXPECT_EQ(config.options.guest_os_type, "other-64");
  EXPECT_EQ(config.options.version, 21);
  EXPECT_EQ(config.options.disks.size_mb, 40000);
  EXPECT_EQ(config.options.disks.type_id, "1");
  EXPECT_EQ(config.hardware.memory, 512);
  EXPECT_EQ(config.hardware.network, "nat");
  EXPECT_EQ(config.options.fusion_app_path, "");
}

TEST_F(VmwareConfig, SharedOptionsAreDecodedToo) {
  const char* const more = R"({"http_directory": null, "http_bind_address": null,
      "http_content": {"/a": "b"}, "http_interface": "lo"})";
  const VmwareIsoConfig config =
      iso(merged(merged(kBoth, kIso), more),
          R"({"iso_url": null, "iso_urls": ["http://example.org/b.iso"], "iso_target_path": "x.iso",
              "iso_target_extension": "img", "boot_command": null,
              "boot_steps": [["<enter>", "go"]]})");
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(config.options.http.interface, "lo");
  EXPECT_EQ(config.iso.target_path, "x.iso");
  const VmwareVmxConfig clone = vmx(merged(kBoth, more), R"({"source_path": "source.vmx",
      "boot_command": ["<enter>"]})");
  EXPECT_EQ(findings_.errors, std::vector<std::string>{});
  EXPECT_EQ(clone.options.boot.pieces.size(), 1U);
}

TEST_F(VmwareConfig, MistakesAreNamed) {
  struct Case {
    const char* options;
    const char* error;
  };
  const std::vector<Case> cases = {
      {R"({"network_adapter_type": null})", "'network_adapter_type' is required"},
      {R"({"network_adapter_type": "ne2000"})", "network_adapter_type"},
      {R"({"firmware": "uefi"})", "firmware"},
      {R"({"format": "box"})", "format"},
      {R"({"usb": true, "usb_version": "1.1"})", "usb_version"},
      {R"({"usb_version": "2.0"})", "'usb_version' needs 'usb = true'"},
      {R"({"cdrom_adapter_type": "usb"})", "cdrom_adapter_type"},
      {R"({"tools_mode": "mount"})", "tools_mode"},
      {R"({"tools_mode": "upload"})", "needs 'tools_upload_flavor' or 'tools_source_path'"},
      {R"({"tools_mode": "attach"})", "needs 'tools_source_path'"},
      {R"({"tools_upload_flavor": "linux", "tools_source_path": "t.vmx"})",
       "cannot be used together"},
      {R"({"tools_upload_flavor": "solaris"})", "tools_upload_flavor"},
      {R"({"version": 18})", "invalid 'version' 18: at least 19"},
      {R"({"memory": -1})", "invalid value for 'memory'"},
      {R"({"vnc_port_min": 6000, "vnc_port_max": 5900})", "vnc_port"},
      {R"({"serial": "MODEM:x"})", "serial: unknown kind \"MODEM\""},
      {R"({"serial": "PIPE:x,client"})", "serial: a pipe is PIPE:path,client|server,app|vm"},
      {R"({"serial": "FILE:"})", "serial: no path"},
      {R"({"serial": "FILE:a,b"})", "should be yield"},
      {R"({"parallel": "FILE:a,b"})", "parallel: too many parts"},
      {R"({"parallel": "AUTO:half"})", "should be BI or UNI"},
      {R"({"vmx_template_path": "no"})", "vmx_template_path is invalid"},
      {R"({"disk_adapter_type": "usb"})", "disk_adapter_type"},
      {R"({"disk_additional_size": [0]})", "must hold positive sizes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.options);
    iso(kSmall, c.options);
    EXPECT_TRUE(said(findings_.errors, c.error)) << findings_.text();
  }
  vmx(R"({"communicator": "none"})");
  EXPECT_TRUE(said(findings_.errors, "source_path is blank, but is required"));
  EXPECT_TRUE(said(findings_.warnings, "A shutdown_command was not specified"));
  vmx(R"({"communicator": "none", "source_path": "no.vmx"})");
  EXPECT_TRUE(said(findings_.errors, "source_path is invalid"));
  vmx(R"({"communicator": "none", "source_path": "source.ova", "linked": true})");
  EXPECT_TRUE(said(findings_.errors, "guest_os_type is required"));
  EXPECT_TRUE(said(findings_.errors, "need a .vmx as source_path"));
}

TEST_F(VmwareConfig, BuildingOnEsxiIsExplained) {
  iso(kSmall, R"({"remote_type": "esx5", "vm_name": "web", "cpus": 2, "memory": 1024,
                  "disk_size": 5000, "network_name": "VM Network", "guest_os_type": "ubuntu-64",
                  "remote_host": "esx.example.org", "remote_port": 22, "remote_username": "admin",
                  "remote_password": "hidden", "remote_datastore": "ds2",
                  "remote_cache_datastore": "ds3", "remote_cache_directory": "cache",
                  "remote_private_key_file": "k", "skip_validate_credentials": true,
                  "cleanup_remote_cache": true, "remote_output_directory": "o"})");
  ASSERT_EQ(findings_.errors.size(), 1U);
  const std::string& error = findings_.errors[0];
  for (const char* part :
       {"remote_type = \"esx5\" is no longer supported", "use the vsphere-iso builder",
        "source \"vsphere-iso\" \"base\" {\n", "  vm_name = \"web\"\n", "  CPUs = 2\n",
        "  vcenter_server = \"esx.example.org\"\n", "  username = \"admin\"\n",
        "  datastore = \"ds2\"\n", "  remote_cache_datastore = \"ds3\"\n",
        "  remote_cache_path = \"cache\"\n", "  remote_cache_cleanup = true\n",
        "It has no use for remote_port, remote_private_key_file, remote_output_directory, "
        "skip_validate_credentials.",
        "  RAM = 1024\n", "    disk_size = 5000\n", "    network = \"VM Network\"\n",
        "    network_card = \"vmxnet3\"\n", "  iso_url = \"http://example.org/a.iso\"\n"}) {
    EXPECT_NE(error.find(part), std::string::npos) << part << "\nin\n" << error;
  }
  EXPECT_EQ(error.find("hidden"), std::string::npos);
  iso(kSmall, R"({"remote_host": "esx.example.org"})");
  EXPECT_TRUE(said(findings_.errors, "remote_host is no longer supported"));
  vmx(kSmall, R"({"source_path": "source.vmx", "skip_validate_credentials": true})");
  EXPECT_TRUE(said(findings_.errors, "skip_validate_credentials is no longer supported"));
}

}  // namespace
}  // namespace farm::builders::vmware
