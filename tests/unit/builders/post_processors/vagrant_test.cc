#include "tests/unit/builders/post_processors/post_processor_fixture.h"

namespace farm::builders {
namespace post_processor_vagrant {
void register_component(Registry& registry);
std::string host_architecture();
}  // namespace post_processor_vagrant
namespace {

using value::Number;
using value::Value;

class Vagrant : public testing::PostProcessorTest {
 protected:
  Vagrant() : PostProcessorTest("vagrant", post_processor_vagrant::register_component) {}
  std::string in_box(const std::string& box, const std::string& name) {
    return shell("tar -xOf " + box + " " + name);
  }
  void qemu_artifact(const std::string& domain = "kvm") {
    input_.builder_id = "transcend.qemu";
    input_.id = "VM";
    input_.files = {"out/disk-1", "out/disk", "out/efivars.fd"};
    for (const std::string& file : input_.files) write(file, file);
    input_.state["diskName"] = text("disk");
    input_.state["diskType"] = text("qcow2");
    input_.state["domainType"] = text(domain);
  }
};

TEST_F(Vagrant, QemuBecomesALibvirtBox) {
  qemu_artifact();
  const auto done = process({{"architecture", text("arm64")}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  const std::string box = "packer_base_libvirt_arm64.box";
  EXPECT_EQ(done->artifact->builder_id, "mitchellh.post-processor.vagrant");
  EXPECT_EQ(done->artifact->id, "libvirt");
  EXPECT_EQ(done->artifact->text, "'libvirt' provider box: " + box);
  EXPECT_EQ(done->artifact->files, std::vector<std::string>{box});
  EXPECT_FALSE(done->keep_input);
  EXPECT_TRUE(done->force_keep);
  EXPECT_EQ(shell("tar -tzf " + box), "Vagrantfile\nbox_0.img\nbox_1.img\nmetadata.json\n");
  EXPECT_EQ(in_box(box, "box_0.img"), "out/disk");
  EXPECT_EQ(in_box(box, "box_1.img"), "out/disk-1");
  EXPECT_EQ(in_box(box, "metadata.json"), R"({
  "provider": "libvirt",
  "architecture": "arm64",
  "disks": [
    {
      "path": "box_0.img",
      "format": "qcow2"
    },
    {
      "path": "box_1.img",
      "format": "qcow2"
    }
  ]
}
)");
  EXPECT_NE(in_box(box, "Vagrantfile")
                .find("config.vm.provider :libvirt do |libvirt|\n"
                      "    libvirt.driver = \"kvm\"\n"),
            std::string::npos);
  EXPECT_EQ(build_.ledger.events, (std::vector<std::string>{"intend path " + path(box), "gone 1"}));
}

TEST_F(Vagrant, ArchitectureIsTheHostsInGosNames) {
  qemu_artifact("tcg");
  ASSERT_TRUE(process({}).has_value());
  const std::string box =
      "packer_base_libvirt_" + post_processor_vagrant::host_architecture() + ".box";
  EXPECT_NE(in_box(box, "Vagrantfile").find("libvirt.driver = \"qemu\""), std::string::npos);
  EXPECT_NE(post_processor_vagrant::host_architecture(), "x86_64");
}

TEST_F(Vagrant, OptionsAndOverrides) {
  qemu_artifact();
  write("extra/info.json", "{}");
  write("Vagrantfile.tpl",
        "# {{ .Provider }} {{ .BuildName }} {{ .ArtifactId }} {{ .Architecture }}\n");
  const Value overrides = Value::object(
      {{"libvirt", Value::object({{"output", text("boxes/{{ .Provider }}.box")},
                                  {"compression_level", Value::number(Number(int64_t{0}))}})},
       {"docker", Value::object({{"output", text("other.box")}})}});
  const auto done = process({{"output", text("never.box")},
                             {"include", list({"extra/info.json"})},
                             {"vagrantfile_template", text("Vagrantfile.tpl")},
                             {"architecture", text("amd64")},
                             {"compression_level", Value::number(Number(int64_t{9}))},
                             {"override", overrides}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->artifact->files, std::vector<std::string>{"boxes/libvirt.box"});
  // Level 0: a plain tar.
  EXPECT_EQ(shell("head -c 262 boxes/libvirt.box | tail -c 5"), "ustar");
  EXPECT_EQ(in_box("boxes/libvirt.box", "info.json"), "{}");
  EXPECT_TRUE(in_box("boxes/libvirt.box", "Vagrantfile").ends_with("# libvirt base VM amd64\n"));
}

TEST_F(Vagrant, GeneratedTemplatesMayComeLater) {
  qemu_artifact();
  EXPECT_EQ(prepare({{"vagrantfile_template", text("later")}}).errors,
            std::vector<std::string>{"vagrantfile_template 'later' does not exist"});
  const Value::Map options = {{"vagrantfile_template", text("later")},
                              {"vagrantfile_template_generated", Value::boolean(true)},
                              {"output", text("x.box")}};
  EXPECT_TRUE(prepare(options).ok());
  write("later", "# here\n");
  EXPECT_TRUE(process(options).has_value());
}

TEST_F(Vagrant, ImagesThatAreOnlyNamed) {
  struct Case {
    const char* name;
    const char* builder_id;
    const char* id;
    const char* text;
    const char* provider;
    const char* line;
    bool keeps;
  };
  const std::vector<Case> cases = {
      {"aws", "mitchellh.amazonebs", "us-east-1:ami-1,eu-west-1:ami-2", "", "aws",
       "aws.region_config \"eu-west-1\", ami: \"ami-2\"", true},
      {"digitalocean", "pearkes.digitalocean", "nyc3:123", "", "digital_ocean",
       "machine.region = \"nyc3\"", true},
      {"scaleway", "hashicorp.scaleway", "par1:abc", "", "scaleway", "machine.image = \"abc\"",
       true},
      {"google", "packer.googlecompute", "image-1", "", "google", "google.image = \"image-1\"",
       true},
      {"docker", "packer.post-processor.docker-tag", "r:1", "", "docker", "docker.image = \"r:1\"",
       false},
      {"azure image", "Azure.ResourceManagement.VMImage", "x",
       "Azure:\nManagedImageId: /sub/image\nManagedImageLocation: westus\n", "azure",
       "azure.vm_managed_image_id = \"/sub/image\"", true},
      {"azure disk", "Azure.ResourceManagement.VMImage", "x",
       "OSType: Linux\nStorageAccountLocation: westus\nOSDiskUri: https://disk\n", "azure",
       "azure.vm_vhd_uri = \"https://disk\"", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    input_.builder_id = c.builder_id;
    input_.id = c.id;
    input_.text = c.text;
    const auto done = process({{"output", text("x.box")}});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_NE(in_box("x.box", "Vagrantfile").find(c.line), std::string::npos)
        << in_box("x.box", "Vagrantfile");
    EXPECT_NE(in_box("x.box", "metadata.json").find(std::string("\"provider\": \"") + c.provider),
              std::string::npos);
    EXPECT_EQ(done->keep_input, c.keeps);
  }
}

TEST_F(Vagrant, FilesUnderTheNamesTheProviderWants) {
  struct Case {
    const char* builder_id;
    const char* text;
    std::vector<std::string> files;
    const char* members;
  };
  const std::vector<Case> cases = {
      {"vmware.desktop",
       "",
       {"out/a.vmx", "out/a.vmdk"},
       "Vagrantfile\na.vmdk\na.vmx\nmetadata.json\n"},
      {"packer.file", "", {"out/plain"}, "Vagrantfile\nmetadata.json\nplain\n"},
      {"ustream.lxc", "", {"out/rootfs.tar.gz"}, "Vagrantfile\nmetadata.json\nrootfs.tar.gz\n"},
      {"MSOpenTech.hyperv",
       "VM files in directory: out",
       {"out/Virtual Machines/a.vmcx", "out/Virtual Hard Disks/a.vhdx"},
       "Vagrantfile\nVirtual Hard Disks/a.vhdx\nVirtual Machines/a.vmcx\nmetadata.json\n"},
      {"packer.parallels",
       "",
       {"out/base.pvm/config.pvs", "out/log"},
       "Vagrantfile\nbase.pvm/config.pvs\nmetadata.json\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.builder_id);
    input_.builder_id = c.builder_id;
    input_.text = c.text;
    input_.files = c.files;
    for (const std::string& file : c.files) write(file, file);
    const auto done = process({{"output", text("x.box")}});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(shell("tar -tzf x.box"), c.members);
    EXPECT_FALSE(done->keep_input);
  }
  EXPECT_EQ(in_box("x.box", "base.pvm/config.pvs"), "out/base.pvm/config.pvs");
}

TEST_F(Vagrant, VirtualBoxFromAnOva) {
  write("in/vm.ovf",
        "<?xml version=\"1.0\"?><Envelope xmlns:vbox=\"http://v\"><vbox:Machine><Hardware><Network>"
        "<Adapter slot=\"1\" MACAddress=\"080027000001\"/>"
        "<Adapter slot=\"0\" "
        "MACAddress=\"0800278D1234\"/></Network></Hardware></vbox:Machine></Envelope>");
  write("in/vm-disk001.vmdk", "disk");
  shell("tar -C in -cf vm.ova vm.ovf vm-disk001.vmdk");
  input_.builder_id = "mitchellh.virtualbox";
  input_.files = {"vm.ova"};
  const auto done = process({{"output", text("x.box")}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(shell("tar -tzf x.box"), "Vagrantfile\nbox.ovf\nmetadata.json\nvm-disk001.vmdk\n");
  EXPECT_NE(in_box("x.box", "Vagrantfile").find("config.vm.base_mac = \"0800278D1234\""),
            std::string::npos);
  write("in/vm.ovf", "<Envelope/>");
  input_.files = {"in/vm.ovf"};
  EXPECT_EQ(process({{"output", text("y.box")}}).error().message,
            "vm.ovf: no MAC address of the adapter in slot 0");
  input_.files = {"in/vm-disk001.vmdk"};
  EXPECT_EQ(process({{"output", text("y.box")}}).error().message, "the artifact has no OVF file");
}

TEST_F(Vagrant, Mistakes) {
  EXPECT_EQ(prepare({{"provider_override", text("xen")}}).errors.size(), 1U);
  EXPECT_EQ(
      prepare({{"override", Value::object({{"libvirt", Value::object({{"nope", text("x")}})}})}})
          .errors,
      std::vector<std::string>{"override 'libvirt': there is no option 'nope'"});
  EXPECT_EQ(prepare({{"compression_level", Value::number(Number(int64_t{12}))}}).errors,
            std::vector<std::string>{
                "compression_level must be between 0 and 9, or -1 for the default, not 12"});
  input_.builder_id = "packer.post-processor.artifice";
  input_.files = {"disk"};
  EXPECT_EQ(process({}).error().message,
            "Unknown artifact type, can't build box: packer.post-processor.artifice "
            "(provider_override names a provider)");
  write("disk", "x");
  EXPECT_EQ(process({{"provider_override", text("libvirt")}}).error().message,
            "the artifact does not say what its disk is called (state diskName)");
  qemu_artifact("xen");
  EXPECT_EQ(process({}).error().message, "no libvirt driver for the accelerator \"xen\"");
  input_ = {};
  input_.builder_id = "packer.file";
  input_.files = {"a/same", "b/same"};
  EXPECT_EQ(process({}).error().message, "two files of the box would be called same");
}

}  // namespace
}  // namespace farm::builders
