#include "coordinator/intake/place_reader.h"

#include <gtest/gtest.h>

#include "coordinator/intake/intake.h"

namespace farm::coordinator {
namespace {

using value::Value;

Value text(const char* utf8) { return Value::string(utf8); }

plan::JobSpec proxmox() {
  plan::JobSpec spec;
  spec.builder.type = "proxmox-iso";
  spec.builder.config = Value::object({
      {"proxmox_url", text("https://pve.example:8006/api2/json")},
      {"username", text("root@pam!packer")},
      {"node", text("{{user `node`}}")},
      {"disks", Value::tuple({Value::object({{"storage_pool", text("local-lvm")}}),
                              Value::object({{"storage_pool", text("ceph")}})})},
      {"boot_iso", Value::object({{"iso_file", text("local:iso/debian.iso")}})},
      {"efi_config", Value::object({{"efi_storage_pool", text("ceph")}})},
  });
  spec.render.user_variables = {{"node", "pve2"}};
  return spec;
}

TEST(PlaceReader, ReadsAProxmoxBuilder) {
  const JobPlace place = read_place(proxmox());
  EXPECT_EQ(place.provider, "proxmox");
  EXPECT_EQ(place.host, "pve.example:8006");
  EXPECT_EQ(place.node, "pve2");
  EXPECT_FALSE(place.open_node);
  EXPECT_EQ(place.credential, "root@pam!packer");
  EXPECT_EQ(place.datastores, (std::vector<std::string>{"ceph", "local", "local-lvm"}));
}

TEST(PlaceReader, ANodeThatIsLeftOutIsOpen) {
  plan::JobSpec spec;
  spec.builder.type = "proxmox-clone";
  spec.builder.config = Value::object({{"vm_name", text("x")}});
  EXPECT_TRUE(read_place(spec).open_node);
  EXPECT_EQ(read_place(spec).host, "");
  spec.builder.config = Value::object({{"node", Value::unknown(value::Type::string())}});
  EXPECT_FALSE(read_place(spec).open_node) << "it is known late";
}

TEST(PlaceReader, ReadsAVsphereBuilder) {
  plan::JobSpec spec;
  spec.builder.type = "vsphere-iso";
  spec.builder.config = Value::object({{"vcenter_server", text("vc.example")},
                                       {"username", text("farm@vsphere.local")},
                                       {"cluster", text("/dc/host/c1")},
                                       {"datastore", text("nfs-1")}});
  const JobPlace place = read_place(spec);
  EXPECT_EQ(place.host, "vc.example");
  EXPECT_EQ(place.group, "c1");
  EXPECT_TRUE(place.open_node);
  EXPECT_EQ(place.datastores, std::vector<std::string>{"nfs-1"});
  EXPECT_EQ(place.credential, "farm@vsphere.local");
}

TEST(PlaceReader, OtherBuildersUseNothing) {
  plan::JobSpec spec;
  spec.builder.type = "qemu";
  spec.builder.config = Value::object({{"node", text("pve1")}});
  EXPECT_EQ(read_place(spec), JobPlace{});
}

TEST(PlaceReader, WhatIsSensitiveIsShownAsItsDigest) {
  JobPlace place = read_place(proxmox());
  hide_sensitive(place, {"root@pam!packer", "local-lvm"});
  EXPECT_EQ(place.credential, hidden_name("root@pam!packer"));
  EXPECT_EQ(place.credential.find("root"), std::string::npos);
  EXPECT_EQ(place.datastores[2], hidden_name("local-lvm"));
  EXPECT_EQ(place.node, "pve2");
}

TEST(PlaceReader, TheSpecReaderSaysItToo) {
  const Result<JobNeeds> needs = plan_spec_reader()(plan::encode_job(proxmox()));
  ASSERT_TRUE(needs);
  EXPECT_EQ(needs->place.node, "pve2");
}

}  // namespace
}  // namespace farm::coordinator
