#include <fstream>
#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "builders/post_processors/vsphere/ovftool.h"
#include "builders/post_processors/vsphere_template/config.h"
#include "tests/support/fakes/json_options.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::post_processor_vsphere {
void register_component(Registry& registry);

namespace {

constexpr const char* kAll = R"({
  "cluster": "C 0", "datacenter": "DC0", "datastore": "ds1", "disk_mode": "thin",
  "host": "vc.example.org", "esxi_host": "esx1", "insecure": true, "options": ["--powerOn"],
  "overwrite": true, "password": "p@ss/word", "resource_pool": "a/b",
  "username": "u@example.org", "vm_folder": "f", "vm_name": "web", "vm_network": "VM Network",
  "hardware_version": "19", "max_retries": 3
})";

class VspherePostProcessorTest : public builders::testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    environment_.set("PATH", std::string(FARM_SOURCE_DIR) + "/tests/simulators/vmware:/usr/bin:/bin");
    environment_.set("VMWARE_STANDIN", root_);
    ASSERT_TRUE(io::make_directories(root_ + "/work/out"));
    ASSERT_TRUE(io::write_file(root_ + "/work/out/web.ovf", "ovf"));
    register_component(registry_);
  }
  Result<PostProcessed> process(const std::string& more = "{}") {
    std::unique_ptr<PostProcessor> step = TRY(registry_.post_processor("vsphere"));
    const Findings findings = step->prepare(farm::testing::options(kAll, more), prepare_context());
    if (!findings.ok()) return invalid_input(findings.text());
    artifact::Artifact input;
    input.builder_id = "jetbrains.vsphere";
    input.files = {"out/web.vmdk", "out/web.ovf"};
    return step->process(context_, input);
  }
  std::vector<std::string> calls() const {
    std::vector<std::string> list;
    std::ifstream file(root_ + "/journal");
    std::string line;
    while (std::getline(file, line)) {
      std::string text;
      const nlohmann::json entry = nlohmann::json::parse(line);
      for (const auto& word : entry["arguments"]) {
        text += (text.empty() ? "" : " ") + word.get<std::string>();
      }
      list.push_back(text);
    }
    return list;
  }
  Registry registry_;
};

TEST_F(VspherePostProcessorTest, UploadsWithOvftool) {
  const Result<PostProcessed> done = process();
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_TRUE(done->artifact);
  EXPECT_EQ(done->artifact->builder_id, "packer.post-processor.vsphere");
  EXPECT_EQ(done->artifact->id, "ds1::f::web");
  EXPECT_EQ(done->artifact->text, "VM: web Folder: f Datastore: ds1");
  const std::string upload =
      "--acceptAllEulas --name=web --datastore=ds1 --noSSLVerify=true --diskMode=thin --vmFolder=f "
      "--maxVirtualHardwareVersion=19 --network=VM Network --overwrite --powerOn " + root_ +
      "/work/out/web.ovf vi://u%40example.org@vc.example.org/DC0/host/C%200/esx1/Resources/a/b";
  EXPECT_EQ(calls(), (std::vector<std::string>{"--verifyOnly " + upload, upload}));
  for (const std::string& line : ui_.lines) {
    EXPECT_EQ(line.find("p@ss"), std::string::npos) << line;
  }
}

TEST_F(VspherePostProcessorTest, TriesAgain) {
  environment_.set("VMWARE_STANDIN_UPLOAD_FAILS", "2");
  EXPECT_TRUE(process());
  EXPECT_EQ(calls().size(), 4U);
  ASSERT_TRUE(io::remove_file(root_ + "/failed"));
  const Result<PostProcessed> failed = process(R"({"max_retries": 2})");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "upload failed after 2 tries: exit status 1: Error: Connection reset");
}

TEST_F(VspherePostProcessorTest, MistakesAreNamed) {
  Findings findings;
  decode(farm::testing::options("{}"), findings);
  EXPECT_EQ(findings.errors,
            (std::vector<std::string>{"cluster must be set", "datacenter must be set",
                                      "host must be set", "password must be set",
                                      "username must be set", "vm_name must be set",
                                      "one of datastore, datastore_cluster must be set"}));
  findings = {};
  decode(farm::testing::options(kAll, R"({"datastore_cluster": "c", "max_retries": 0})"), findings);
  EXPECT_EQ(findings.errors,
            (std::vector<std::string>{"datastore and datastore_cluster cannot be used together",
                                      "max_retries must be at least 1"}));
}

TEST_F(VspherePostProcessorTest, NeedsAMachineFile) {
  std::unique_ptr<PostProcessor> step = *registry_.post_processor("vsphere");
  ASSERT_TRUE(step->prepare(farm::testing::options(kAll), prepare_context()).ok());
  artifact::Artifact input;
  input.files = {"a.qcow2"};
  const Result<PostProcessed> failed = step->process(context_, input);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "VMX, OVF or OVA file not found in the artifact");
}

TEST(VsphereTemplateConfig, IsDecodedAndChecked) {
  Findings findings;
  const post_processor_vsphere_template::Config config = post_processor_vsphere_template::decode(
      farm::testing::options(R"({"host": "vc", "username": "u", "password": "p", "insecure": true,
        "datacenter": "DC0", "template_name": "t", "folder": "/a/b", "snapshot_enable": true,
        "snapshot_name": "s", "snapshot_description": "d", "reregister_vm": true,
        "override": true})"),
      findings);
  EXPECT_TRUE(findings.ok());
  EXPECT_EQ(config.connect.server, "vc");
  EXPECT_EQ(config.folder, "/a/b");
  EXPECT_TRUE(config.snapshot && config.reregister && config.replace && config.connect.insecure);
  findings = {};
  (void)post_processor_vsphere_template::decode(farm::testing::options(R"({"folder": "a"})"),
                                                findings);
  EXPECT_EQ(findings.errors,
            (std::vector<std::string>{"host must be set", "username must be set",
                                      "password must be set",
                                      "folder must be bound to the root: it starts with a slash"}));
}

}  // namespace
}  // namespace farm::builders::post_processor_vsphere
