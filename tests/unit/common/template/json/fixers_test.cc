#include "common/template/json/fixers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/template/json/diagnostic_lines.h"

namespace farm::json {
namespace {

/// The one builder of the fixed template, compact.
std::string fixed(const std::string& key, const std::string& component,
                  FixScope scope = FixScope::Everything) {
  SyntaxError error;
  auto document = parse_document("{\"" + key + "\":[" + component + "]}", "t.json", error);
  EXPECT_TRUE(document) << error.message;
  apply_fixers(*document, scope);
  return *value::to_json(*to_value(document->root.members[0].value.elements[0]));
}

struct Case {
  const char* name;
  const char* key;
  const char* before;
  const char* after;
};

TEST(Fixers, ChangeWhatPackerFixChanges) {
  const std::vector<Case> cases = {
      {"iso-md5", "builders", R"({"type":"qemu","iso_md5":"abc"})",
       R"({"iso_checksum":"md5:abc","type":"qemu"})"},
      {"createtime", "builders", R"({"type":"a","n":"x {{ .CreateTime }}"})",
       R"({"n":"x {{timestamp}}","type":"a"})"},
      {"virtualbox", "builders",
       R"({"type":"virtualbox","guest_additions_attach":false,"ssh_host_port_min":1,"ssh_skip_nat_mapping":true})",
       R"({"guest_additions_mode":"upload","host_port_min":1,"skip_nat_mapping":true,"type":"virtualbox-iso"})"},
      {"pp-vagrant-override", "post-processors",
       R"({"type":"vagrant","aws":{"a":1},"virtualbox":{"b":1},"output":"x"})",
       R"({"output":"x","override":{"aws":{"a":1},"virtualbox":{"b":1}},"type":"vagrant"})"},
      {"parallels", "builders",
       R"({"type":"parallels-iso","headless":true,"parallels_tools_host_path":"x","guest_os_distribution":"u"})",
       R"({"guest_os_type":"u","type":"parallels-iso"})"},
      {"sshkeypath", "builders", R"({"type":"a","ssh_key_path":"k","ssh_disable_agent":true})",
       R"({"ssh_disable_agent_forwarding":true,"ssh_private_key_file":"k","type":"a"})"},
      {"new spelling wins", "builders",
       R"({"type":"a","ssh_key_path":"k","ssh_private_key_file":"new"})",
       R"({"ssh_private_key_file":"new","type":"a"})"},
      {"scaleway", "builders", R"({"type":"scaleway","access_key":"a"})",
       R"({"organization_id":"a","type":"scaleway"})"},
      {"manifest", "post-processors", R"({"type":"manifest","filename":"m.json"})",
       R"({"output":"m.json","type":"manifest"})"},
      {"manifest in a sequence", "post-processors", R"([{"type":"manifest","filename":"m"}])",
       R"([{"output":"m","type":"manifest"}])"},
      {"amazon", "builders",
       R"({"type":"amazon-ebs","shutdown_behaviour":"x","enhanced_networking":true,"ssh_private_ip":true,"temporary_security_group_source_cidr":"1.1.1.1/8","spot_price_auto_product":"x","ami_name":"{{isotime | clean_ami_name}}"})",
       R"({"ami_name":"{{isotime | clean_resource_name}}","ena_support":true,"shutdown_behavior":"x","ssh_interface":"private_ip","temporary_security_group_source_cidrs":["1.1.1.1/8"],"type":"amazon-ebs"})"},
      {"amazon public", "builders", R"({"type":"amazon-ebs","ssh_private_ip":false})",
       R"({"ssh_interface":"public_ip","type":"amazon-ebs"})"},
      {"docker", "post-processors", R"({"type":"docker-push","login_email":"x"})",
       R"({"type":"docker-push"})"},
      {"docker-tag", "post-processors", R"({"type":"docker-tag","tag":"a,b","tags":["q"]})",
       R"({"tags":["a","b","q"],"type":"docker-tag"})"},
      {"powershell", "provisioners",
       R"({"type":"powershell","elevated_user":"a`b``c`$d","environment_vars":["A=`$x`y"],"elevated_password":"p`\"w"})",
       R"({"elevated_password":"p\"w","elevated_user":"a`b`c$d","environment_vars":["A=$x`y"],"type":"powershell"})"},
      {"vmware esx", "builders", R"({"type":"vmware","remote_type":"esx5"})",
       R"({"disk_type_id":"zeroedthick","remote_type":"esx5","skip_compaction":true,"type":"vmware-iso"})"},
      {"vmware thin", "builders",
       R"({"type":"vmware-iso","remote_type":"esx5","disk_type_id":"thin"})",
       R"({"disk_type_id":"thin","remote_type":"esx5","type":"vmware-iso"})"},
      {"hyperv", "builders", R"({"type":"hyperv-iso","vhd_temp_path":"x","cpu":2,"ram_size":1024})",
       R"({"cpus":2,"memory":1024,"type":"hyperv-iso"})"},
      {"hyperv-vmcx", "builders", R"({"type":"hyperv-vmcx","clone_from_vmxc_path":"y"})",
       R"({"clone_from_vmcx_path":"y","type":"hyperv-vmcx"})"},
      {"qemu", "builders",
       R"({"type":"qemu","disk_size":40960,"ssh_host_port_min":1,"ssh_host_port_max":2,"ssh_wait_timeout":"5m"})",
       R"({"disk_size":"40960M","host_port_max":2,"host_port_min":1,"ssh_timeout":"5m","type":"qemu"})"},
      {"galaxy", "provisioners", R"({"type":"ansible-local","galaxycommand":"x"})",
       R"({"galaxy_command":"x","type":"ansible-local"})"},
      {"vsphere", "builders",
       R"({"type":"vsphere-iso","network":"n","network_card":"vmxnet3","disk_size":100,"disk_thin_provisioned":true})",
       R"({"network_adapters":[{"network":"n","network_card":"vmxnet3"}],"storage":[{"disk_size":100,"disk_thin_provisioned":true}],"type":"vsphere-iso"})"},
      {"checksum type", "builders",
       R"({"type":"a","iso_checksum":"{{user `x`}}","iso_checksum_type":"{{user `y`}}"})",
       R"({"iso_checksum":"{{user `y`}}:{{user `x`}}","type":"a"})"},
      {"checksum url", "builders",
       R"({"type":"a","iso_checksum_url":"http://x","iso_checksum_type":"sha1"})",
       R"({"iso_checksum":"file:http://x","type":"a"})"},
      {"checksum none", "builders",
       R"({"type":"a","iso_checksum":"","iso_checksum_type":"none"})",
       R"({"iso_checksum":"none","type":"a"})"},
      {"checksum has its type", "builders",
       R"({"type":"a","iso_checksum":"md5:z","iso_checksum_type":"md5"})",
       R"({"iso_checksum":"md5:z","type":"a"})"},
      {"checksum type alone", "builders", R"({"type":"a","iso_checksum_type":"md5"})",
       R"({"type":"a"})"},
      {"checksum of another type", "builders",
       R"({"type":"a","iso_checksum":5,"iso_checksum_type":"md5"})",
       R"({"iso_checksum":5,"type":"a"})"},
      {"old spelling wins", "builders",
       R"({"type":"hyperv-iso","cpu":1,"cpus":2,"ram_size":3,"memory":4})",
       R"({"cpus":1,"memory":3,"type":"hyperv-iso"})"},
      {"email of no docker builder", "builders", R"({"type":"a","login_email":"x"})",
       R"({"type":"a"})"},
      {"docker-tag of texts", "post-processors", R"({"type":"docker-tag","tag":"a","tags":"d"})",
       R"({"tags":["a","d"],"type":"docker-tag"})"},
      {"vmware compaction", "builders",
       R"({"type":"vmware-iso","remote_type":"esx5","skip_compaction":false})",
       R"({"disk_type_id":"zeroedthick","remote_type":"esx5","skip_compaction":true,"type":"vmware-iso"})"},
      {"vsphere with both", "builders",
       R"({"type":"vsphere-iso","disk_size":1,"storage":[{"disk_size":5}]})",
       R"({"storage":[{"disk_size":1},{"disk_size":5}],"type":"vsphere-iso"})"},
      {"azure", "builders",
       R"({"type":"azure-arm","shared_image_gallery_destination":{"exlude_from_latest":true}})",
       R"({"shared_image_gallery_destination":{"exclude_from_latest":true},"type":"azure-arm"})"},
      {"proxmox", "builders", R"({"type":"proxmox"})", R"({"type":"proxmox-iso"})"},
      {"nothing to do", "builders", R"({"type":"qemu","iso_checksum":"sha256:a"})",
       R"({"iso_checksum":"sha256:a","type":"qemu"})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(fixed(c.key, c.before), c.after);
    EXPECT_EQ(fixed(c.key, c.after), c.after);  // fixing twice changes nothing more
  }
}

TEST(Fixers, ReadingLeavesAloneWhatStillWorks) {
  const char* kept[] = {
      R"({"disk_size":40960,"ssh_wait_timeout":"5m","type":"qemu"})",
      R"({"remote_type":"esx5","type":"vmware-iso"})",
      R"({"ssh_host_port_min":1,"type":"virtualbox-iso"})",
  };
  for (const char* text : kept) {
    SCOPED_TRACE(text);
    EXPECT_EQ(fixed("builders", text, FixScope::Reading), text);
  }
}

TEST(Fixers, RenamedBuildersKeepTheirReferences) {
  const Result<std::string> text = fix_document(
      R"({"builders":[{"type":"vmware"}],"provisioners":[{"type":"shell","only":["vmware"],)"
      R"("override":{"vmware":{"a":"<&>"}}}],"post-processors":[[{"type":"x","except":["vmware"]}]]})",
      "t.json");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, R"({
  "builders": [
    {
      "type": "vmware-iso"
    }
  ],
  "post-processors": [
    [
      {
        "except": [
          "vmware-iso"
        ],
        "type": "x"
      }
    ]
  ],
  "provisioners": [
    {
      "only": [
        "vmware-iso"
      ],
      "override": {
        "vmware-iso": {
          "a": "<\u0026>"
        }
      },
      "type": "shell"
    }
  ]
}
)");
}

TEST(Fixers, BadJsonIsAnError) {
  const Result<std::string> text = fix_document("{", "t.json");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message,
            "Error parsing JSON: unexpected end of JSON input\nAt line 1, column 2 (offset 2):\n"
            "    1: {\n        ^");
}

}  // namespace
}  // namespace farm::json
