#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace post_processor_manifest {
void register_component(Registry& registry);
}
namespace {

using value::Value;

class Manifest : public ::testing::Test {
 protected:
  Manifest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "manifest")) {
    Registry registry;
    post_processor_manifest::register_component(registry);
    post_processor_ = std::move(*registry.post_processor("manifest"));
    input_.builder_id = "transcend.qemu";
    input_.id = "VM";
    input_.files = {"out/disk"};
    EXPECT_TRUE(io::make_directories(directory_.path() + "/out").has_value());
    EXPECT_TRUE(io::write_file(directory_.path() + "/out/disk", "12345").has_value());
  }
  Result<PostProcessed> process(Value::Map options) {
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false, false};
    EXPECT_TRUE(post_processor_->prepare(Value::object(std::move(options)), context).ok());
    return post_processor_->process(build_.context, input_);
  }
  std::string text() { return *io::read_file(directory_.path() + "/packer-manifest.json"); }

  io::TempDirectory directory_;
  testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<PostProcessor> post_processor_;
  artifact::Artifact input_;
};

TEST_F(Manifest, WholeFile) {
  const Result<PostProcessed> done =
      process({{"custom_data", Value::object({{"k", Value::string("v")}})}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_TRUE(done->keep_input);
  EXPECT_TRUE(done->force_keep);
  EXPECT_EQ(text(), R"({
  "builds": [
    {
      "name": "base",
      "builder_type": "null",
      "build_time": 1704164645,
      "files": [
        {
          "name": "out/disk",
          "size": 5
        }
      ],
      "artifact_id": "VM",
      "packer_run_uuid": "run-1",
      "custom_data": {
        "k": "v"
      }
    }
  ],
  "last_run_uuid": "run-1"
})");
  EXPECT_FALSE(io::exists(directory_.path() + "/packer-manifest.json.lock"));
}

TEST_F(Manifest, AnotherNameAndBareFileNames) {
  ASSERT_TRUE(process({{"output", Value::string("made/list.json")},
                       {"strip_path", Value::boolean(true)}})
                  .has_value());
  const std::string written = *io::read_file(directory_.path() + "/made/list.json");
  EXPECT_NE(written.find("\"name\": \"disk\",\n          \"size\": 5"), std::string::npos) << written;
}

TEST_F(Manifest, AppendsAndForceStartsAnew) {
  ASSERT_TRUE(process({}).has_value());
  input_.files.clear();
  ASSERT_TRUE(process({{"strip_time", Value::boolean(true)}}).has_value());
  EXPECT_NE(text().find("\"files\": null"), std::string::npos);
  EXPECT_EQ(text().find("\"build_time\""), text().rfind("\"build_time\""));
  build_.context.force = true;
  build_.context.run_uuid = "run-2";
  ASSERT_TRUE(process({}).has_value());
  EXPECT_EQ(text().find("run-1"), std::string::npos);
}

TEST_F(Manifest, AHeldLockAndAForeignFileAreErrors) {
  const std::string lock = directory_.path() + "/packer-manifest.json.lock";
  ASSERT_TRUE(io::write_file(lock, "").has_value());
  EXPECT_EQ(process({}).error().code, ErrorCode::Unavailable);
  ASSERT_TRUE(io::remove_file(lock).has_value());
  ASSERT_TRUE(io::write_file(directory_.path() + "/packer-manifest.json", "[1]").has_value());
  EXPECT_EQ(process({}).error().code, ErrorCode::Corrupt);
  EXPECT_EQ(text(), "[1]");
  EXPECT_FALSE(io::exists(lock));
}

}  // namespace
}  // namespace farm::builders
