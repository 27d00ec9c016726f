#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace post_processor_checksum {
void register_component(Registry& registry);
}
namespace {

using value::Value;

TEST(Checksum, AppendsALinePerFileAndListsTheNewFile) {
  const io::TempDirectory directory = *io::TempDirectory::create(::testing::TempDir(), "sum");
  testing::FakeBuild build(directory.path());
  Registry registry;
  post_processor_checksum::register_component(registry);
  const auto post_processor = std::move(*registry.post_processor("checksum"));
  const PrepareContext context{build.inputs, build.environment, directory.path(), false, false};
  ASSERT_TRUE(io::write_file(directory.path() + "/a", "abc").has_value());
  ASSERT_TRUE(post_processor
                  ->prepare(Value::object({{"checksum_types",
                                            Value::tuple({Value::string("md5"),
                                                          Value::string("sha256")})}}),
                            context)
                  .ok());
  artifact::Artifact input;
  input.files = {"a"};
  const Result<PostProcessed> done = post_processor->process(build.context, input);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(*io::read_file(directory.path() + "/packer_base_null_md5.checksum"),
            "900150983cd24fb0d6963f7d28e17f72\ta\n");
  EXPECT_EQ(*io::read_file(directory.path() + "/packer_base_null_sha256.checksum"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\ta\n");
  EXPECT_EQ(done->artifact->builder_id, "packer.post-processor.checksum");
  EXPECT_EQ(done->artifact->files,
            (std::vector<std::string>{"a", "packer_base_null_md5.checksum",
                                      "packer_base_null_sha256.checksum"}));
  EXPECT_TRUE(done->force_keep);
}

TEST(Checksum, OutputIsRenderedAndItsFolderMade) {
  const io::TempDirectory directory = *io::TempDirectory::create(::testing::TempDir(), "sum");
  testing::FakeBuild build(directory.path());
  Registry registry;
  post_processor_checksum::register_component(registry);
  const auto post_processor = std::move(*registry.post_processor("checksum"));
  const PrepareContext context{build.inputs, build.environment, directory.path(), false, false};
  ASSERT_TRUE(io::write_file(directory.path() + "/a", "abc").has_value());
  ASSERT_TRUE(post_processor
                  ->prepare(Value::object({{"output", Value::string("sums/{{.ChecksumType}}-"
                                                                    "{{.BuilderType}}")}}),
                            context)
                  .ok());
  artifact::Artifact input;
  input.files = {"a"};
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(post_processor->process(build.context, input).has_value());
  }
  EXPECT_EQ(*io::read_file(directory.path() + "/sums/md5-null"),
            "900150983cd24fb0d6963f7d28e17f72\ta\n900150983cd24fb0d6963f7d28e17f72\ta\n");
  EXPECT_FALSE(
      post_processor->prepare(Value::object({{"output", Value::string("{{.x")}}), context).ok());
}

TEST(Checksum, WithoutFilesNoSumFileIsNamed) {
  const io::TempDirectory directory = *io::TempDirectory::create(::testing::TempDir(), "sum");
  testing::FakeBuild build(directory.path());
  Registry registry;
  post_processor_checksum::register_component(registry);
  const auto post_processor = std::move(*registry.post_processor("checksum"));
  const PrepareContext context{build.inputs, build.environment, directory.path(), false, false};
  ASSERT_TRUE(post_processor->prepare(Value::object({}), context).ok());
  const Result<PostProcessed> done = post_processor->process(build.context, {});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_TRUE(done->artifact->files.empty());
  EXPECT_TRUE(io::list_files(directory.path())->empty());
}

TEST(Checksum, UnknownTypeIsRefused) {
  testing::FakeBuild build("/");
  Registry registry;
  post_processor_checksum::register_component(registry);
  const auto post_processor = std::move(*registry.post_processor("checksum"));
  const PrepareContext context{build.inputs, build.environment, "/", false, false};
  EXPECT_EQ(post_processor
                ->prepare(Value::object({{"checksum_types",
                                          Value::tuple({Value::string("crc32")})}}),
                          context)
                .errors,
            std::vector<std::string>{"Unrecognized checksum type: crc32"});
}

}  // namespace
}  // namespace farm::builders
