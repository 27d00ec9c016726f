// Whole builds against the strict stand-ins of tests/simulators/vmware. No real VMware is involved.
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "builders/platforms/vmware/builder.h"
#include "builders/platforms/vmware/vmx.h"
#include "tests/support/fakes/json_options.h"
#include "tests/support/sshd/test_sshd.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::vmware {
namespace {

using nlohmann::json;

class VmwareBuild : public builders::testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    standin_ = root_ + "/standin";
    ASSERT_TRUE(io::make_directories(standin_));
    ASSERT_TRUE(io::write_file(root_ + "/work/tiny.iso", "iso"));
    ASSERT_TRUE(io::make_directories(root_ + "/tools"));
    ASSERT_TRUE(io::write_file(root_ + "/tools/linux.iso", "tools of linux"));
    environment_.set("VMWARE_STANDIN", standin_);
    environment_.set("VMWARE_STANDIN_ADDRESS", "127.0.0.1");
    const std::string programs = std::string(FARM_SOURCE_DIR) + "/tests/simulators/vmware/";
    installation_ = {"ws", programs + "vmrun", programs + "vmware-vdiskmanager",
                     programs + "ovftool", programs + "vmware", standin_ + "/networks",
                     root_ + "/tools", "17.6.0"};
    context_.provision = [this](BuildContext& context) -> Result<void> {
      provisioned_ = true;
      if (context.communicator == nullptr) return {};
      RemoteCommand command;
      command.command = "echo provisioned";
      command.on_stdout = [this](std::string_view bytes) { output_ += bytes; };
      const int status = TRY(context.communicator->run(command, context.cancel));
      return status == 0 ? Result<void>() : unavailable("provisioning failed");
    };
  }

  template <class BuilderType>
  Result<std::optional<artifact::Artifact>> build(const json& options) {
    BuilderType builder(installation_);
    const Findings findings =
        builder.prepare(farm::testing::value_of(options), prepare_context());
    if (!findings.ok()) return invalid_input(findings.text());
    return builder.run(context_);
  }

  json small() const {
    return {{"iso_url", "tiny.iso"}, {"iso_checksum", "none"}, {"network_adapter_type", "vmxnet3"},
            {"communicator", "none"}, {"boot_wait", "-1s"}, {"boot_key_interval", "1ms"},
            {"boot_command", json::array({"<f12>"})}, {"vnc_port_min", 20000},
            {"vnc_port_max", 30000}, {"headless", true}};
  }

  // Command lines of the programs, without their folders.
  std::vector<std::string> commands() const {
    std::vector<std::string> list;
    std::ifstream file(standin_ + "/journal");
    std::string line;
    while (std::getline(file, line)) {
      const json entry = json::parse(line);
      EXPECT_FALSE(entry.contains("refused")) << line;
      std::string text = entry["program"];
      for (const auto& word : entry["arguments"]) {
        std::string shown = word;
        const size_t at = shown.find(root_);
        if (at != std::string::npos) {
          shown = shown.substr(0, at) + "~" + shown.substr(at + root_.size());
        }
        text += " " + shown;
      }
      list.push_back(text);
    }
    return list;
  }
  Vmx result(const std::string& name) const {
    const Result<Vmx> vmx = Vmx::load(root_ + "/work/output-base/" + name + ".vmx");
    EXPECT_TRUE(vmx);
    return vmx ? *vmx : Vmx();
  }

  std::string standin_;
  Installation installation_;
  bool provisioned_ = false;
  std::string output_;
};

TEST_F(VmwareBuild, FromAnIso) {
  json options = small();
  options["disk_size"] = 100;
  options["disk_additional_size"] = {50};
  options["vm_name"] = "web";
  options["vmx_data"] = {{"Annotation", "built"}};
  options["vmx_data_post"] = {{"displayName", "finished"}};
  options["snapshot_name"] = "clean";
  options["floppy_content"] = {{"a.txt", "x"}};
  options["cd_content"] = {{"meta-data", ""}};
  options["cd_label"] = "cidata";
  options["vnc_disable_password"] = true;
  options["boot_command"] = {"aB<f12>"};
  const auto built = build<VmwareIsoBuilder>(options);
  ASSERT_TRUE(built) << built.error().message;
  const artifact::Artifact& artifact = **built;
  EXPECT_EQ(artifact.builder_id, "vmware.desktop");
  EXPECT_EQ(artifact.id, "web");
  EXPECT_EQ(artifact.text, "VM files in directory: output-base");
  EXPECT_EQ(artifact.files, (std::vector<std::string>{
                                "output-base/disk-1.vmdk", "output-base/disk.vmdk",
                                "output-base/web.vmsd", "output-base/web.vmx"}));
  EXPECT_EQ(commands(),
            (std::vector<std::string>{
                "vmware -v",
                "vmware-vdiskmanager -c -s 100M -a lsilogic -t 1 ~/work/output-base/disk.vmdk",
                "vmware-vdiskmanager -c -s 50M -a lsilogic -t 1 ~/work/output-base/disk-1.vmdk",
                "vmrun -T ws start ~/work/output-base/web.vmx nogui",
                "vmware-vdiskmanager -d ~/work/output-base/disk.vmdk",
                "vmware-vdiskmanager -k ~/work/output-base/disk.vmdk",
                "vmware-vdiskmanager -d ~/work/output-base/disk-1.vmdk",
                "vmware-vdiskmanager -k ~/work/output-base/disk-1.vmdk",
                "vmrun -T ws snapshot ~/work/output-base/web.vmx clean"}));
  const Vmx vmx = result("web");
  EXPECT_EQ(vmx.get("annotation"), "built");
  EXPECT_EQ(vmx.get("displayname"), "finished");
  EXPECT_EQ(vmx.get("ide0:0.devicetype"), "cdrom-raw");
  EXPECT_EQ(vmx.get("ide1:1.devicetype"), "cdrom-raw");
  EXPECT_EQ(vmx.get("floppy0.present"), "FALSE");
  EXPECT_FALSE(vmx.has("remotedisplay.vnc.port"));
  EXPECT_EQ(*io::read_file(standin_ + "/keys"), "+61\n-61\n+ffe1\n+42\n-42\n-ffe1\n+ffc9\n-ffc9\n");
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(VmwareBuild, OverSshWithToolsAndExport) {
  auto sshd = test::TestSshd::start();
  ASSERT_TRUE(sshd) << sshd.error().message;
  const Result<std::string> key = (*sshd)->keygen("user", {"-t", "ed25519"});
  ASSERT_TRUE(key) << key.error().message;
  json options = small();
  options["boot_command"] = nullptr;
  options["communicator"] = "ssh";
  options["ssh_username"] = (*sshd)->user();
  options["ssh_private_key_file"] = *key;
  options["ssh_port"] = (*sshd)->port();
  options["ssh_timeout"] = "30s";
  options["tools_mode"] = "upload";
  options["tools_upload_flavor"] = "linux";
  options["tools_upload_path"] = root_ + "/guest-{{ .Flavor }}.iso";
  options["shutdown_command"] = "touch " + standin_ + "/guest-off";
  options["format"] = "ova";
  options["ovftool_options"] = {"--compress=9"};
  options["skip_compaction"] = true;
  options["vmx_remove_ethernet_interfaces"] = true;
  options["disable_vnc"] = true;
  const auto built = build<VmwareIsoBuilder>(options);
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_EQ(output_, "provisioned\n");
  EXPECT_EQ(*io::read_file(root_ + "/guest-linux.iso"), "tools of linux");
  EXPECT_FALSE(result("packer-base").has("ethernet0.present"));
  EXPECT_EQ(commands().back(),
            "ovftool --compress=9 ~/work/output-base/packer-base.vmx "
            "~/work/output-base/packer-base.ova");
  // The lease that ends later counts, the other address answers nobody.
  EXPECT_TRUE(ui_.said("IP address: 127.0.0.1"));
  EXPECT_FALSE(ui_.said("vnc://"));
}

TEST_F(VmwareBuild, OtherAdaptersAndToolsOnACd) {
  json options = small();
  options["disk_adapter_type"] = "nvme";
  options["cdrom_adapter_type"] = "ide";
  options["tools_mode"] = "attach";
  options["tools_source_path"] = root_ + "/tools/linux.iso";
  options["cd_content"] = {{"a", "b"}};
  options["format"] = "ovf";
  options["network"] = "vmnet5";
  options["skip_compaction"] = true;
  const auto built = build<VmwareIsoBuilder>(options);
  ASSERT_TRUE(built) << built.error().message;
  const Vmx vmx = result("packer-base");
  EXPECT_EQ(vmx.get("nvme0:0.filename"), "disk.vmdk");
  for (const char* drive : {"ide0:0", "ide1:1", "sata1:1"}) {
    EXPECT_EQ(vmx.get(std::string(drive) + ".devicetype"), "cdrom-raw") << drive;
  }
  EXPECT_EQ(vmx.get("ethernet0.vnet"), "vmnet5");
  EXPECT_EQ(commands().back(), "ovftool ~/work/output-base/packer-base.vmx "
                               "~/work/output-base/packer-base.ovf");
}

TEST_F(VmwareBuild, ClonesAMachine) {
  ASSERT_TRUE(build<VmwareIsoBuilder>([&] {
    json options = small();
    options["vm_name"] = "base";
    options["snapshot_name"] = "first";
    return options;
  }()));
  ASSERT_TRUE(io::move_file(root_ + "/work/output-base", root_ + "/work/source", cancel_));
  // The stand-in knows machines by their path.
  ASSERT_TRUE(io::remove_tree(standin_));
  ASSERT_TRUE(io::make_directories(standin_));
  json options = small();
  for (const char* name : {"iso_url", "iso_checksum", "network_adapter_type"}) options.erase(name);
  options["source_path"] = "source/base.vmx";
  options["vm_name"] = "copy";
  options["linked"] = true;
  options["disk_additional_size"] = {70};
  options["display_name"] = "Copy";
  const auto built = build<VmwareVmxBuilder>(options);
  ASSERT_TRUE(built) << built.error().message;
  const std::vector<std::string> ran = commands();
  EXPECT_EQ(ran[1], "vmware-vdiskmanager -c -s 70M -a lsilogic -t 1 ~/work/output-base/disk-1.vmdk");
  EXPECT_EQ(ran[2], "vmrun -T ws clone ~/work/source/base.vmx ~/work/output-base/copy.vmx linked");
  const Vmx vmx = result("copy");
  EXPECT_EQ(vmx.get("displayname"), "Copy");
  EXPECT_EQ(vmx.get("scsi0:1.filename"), "disk-1.vmdk");
}

TEST_F(VmwareBuild, ImportsAnAppliance) {
  ASSERT_TRUE(io::write_file(root_ + "/work/app.ova", "ova"));
  json options = small();
  for (const char* name : {"iso_url", "iso_checksum", "network_adapter_type"}) options.erase(name);
  options["source_path"] = "app.ova";
  options["vm_name"] = "app";
  options["guest_os_type"] = "debian12-64";
  options["version"] = 20;
  const auto built = build<VmwareVmxBuilder>(options);
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_EQ(commands()[1], "ovftool --lax --maxVirtualHardwareVersion=20 --name=app ~/work/app.ova "
                           "~/work/output-base");
  EXPECT_EQ(result("app").get("guestos"), "debian12-64");
}

TEST_F(VmwareBuild, TemplatesOfTheUserAreUsed) {
  ASSERT_TRUE(io::write_file(root_ + "/work/t.vmx",
                             "config.version = \"8\"\nvirtualHW.version = \"{{ .Version }}\"\n"
                             "displayName = \"mine {{ .Name }}\"\nguestOS = \"{{ .GuestOS }}\"\n"
                             "memsize = \"{{ .MemorySize }}\"\nscsi0.present = \"TRUE\"\n"
                             "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"{{ .DiskName }}.vmdk\"\n"
                             "ide0:0.present = \"TRUE\"\nide0:0.deviceType = \"cdrom-image\"\n"
                             "ide0:0.fileName = \"{{ .ISOPath }}\"\n"));
  ASSERT_TRUE(io::write_file(root_ + "/work/d.vmx",
                             "scsi0:{{ .DiskUnit }}.present = \"TRUE\"\n"
                             "scsi0:{{ .DiskUnit }}.fileName = \"{{ .DiskName }}.vmdk\"\n"));
  json options = small();
  options["vmx_template_path"] = "t.vmx";
  options["vmx_disk_template_path"] = "d.vmx";
  options["disk_additional_size"] = {10};
  const auto built = build<VmwareIsoBuilder>(options);
  ASSERT_TRUE(built) << built.error().message;
  const Vmx vmx = result("packer-base");
  EXPECT_EQ(vmx.get("displayname"), "mine packer-base");
  EXPECT_EQ(vmx.get("scsi0:1.filename"), "disk-1.vmdk");
}

TEST_F(VmwareBuild, FailuresLeaveNothing) {
  json options = small();
  options["vmx_data"] = {{"no.such.key", "x"}};
  const auto refused = build<VmwareIsoBuilder>(options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("unknown key no.such.key"), std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(io::exists(root_ + "/work/output-base"));
  EXPECT_TRUE(ledger_.entries.empty());
  environment_.set("VMWARE_STANDIN_VERSION", "16.2.0");
  const auto old = build<VmwareIsoBuilder>(small());
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().message, "VMware 16.2.0 is too old: at least 17.6.0 is needed");
  installation_.vmrun = "no-vmrun";
  const auto missing = build<VmwareIsoBuilder>(small());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "vmrun is not installed on this machine (no-vmrun); the VMware builders need VMware "
            "Workstation");
}

TEST_F(VmwareBuild, AMachineThatDoesNotEndIsStopped) {
  json options = small();
  options["boot_command"] = nullptr;
  options["shutdown_timeout"] = "1s";
  const auto built = build<VmwareIsoBuilder>(options);
  ASSERT_FALSE(built);
  EXPECT_NE(built.error().message.find("Timeout while waiting for machine to shut down"),
            std::string::npos);
  EXPECT_EQ(commands().back(), "vmrun -T ws stop ~/work/output-base/packer-base.vmx hard");
  EXPECT_TRUE(ledger_.entries.empty());
}

}  // namespace
}  // namespace farm::builders::vmware
