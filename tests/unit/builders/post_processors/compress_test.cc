#include "tests/unit/builders/post_processors/post_processor_fixture.h"

namespace farm::builders {
namespace post_processor_compress {
void register_component(Registry& registry);
}
namespace {

using value::Number;
using value::Value;

class Compress : public testing::PostProcessorTest {
 protected:
  Compress() : PostProcessorTest("compress", post_processor_compress::register_component) {
    input_.files = {"out/disk"};
  }
  void SetUp() override { write("out/disk", std::string(300'000, 'x') + "end\n"); }
};

TEST_F(Compress, DefaultIsATarNamedByTheBuild) {
  const auto done = process({});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->artifact->builder_id, "packer.post-processor.compress");
  EXPECT_EQ(done->artifact->files, std::vector<std::string>{"packer_base_null"});
  EXPECT_EQ(done->artifact->text, "compressed artifacts in: packer_base_null");
  EXPECT_FALSE(done->keep_input);
  EXPECT_EQ(shell("tar -tzf packer_base_null"), "disk\n");
  EXPECT_EQ(build_.ledger.events,
            (std::vector<std::string>{"intend path " + path("packer_base_null"), "gone 1"}));
}

TEST_F(Compress, OutputFormatAndLevel) {
  ASSERT_TRUE(
      process({{"output", text("made/{{.BuildName}}")}, {"format", text("zip")}}).has_value());
  EXPECT_EQ(
      shell("python3 -c 'import zipfile; print(zipfile.ZipFile(\"made/base.zip\").namelist())'"),
      "['out/disk']\n");
  for (const int level : {1, 9}) {
    ASSERT_TRUE(process({{"output", text("x" + std::to_string(level) + ".gz")},
                         {"compression_level", Value::number(Number(level))}})
                    .has_value());
  }
  EXPECT_LE(*io::file_size(path("x9.gz")), *io::file_size(path("x1.gz")));
  EXPECT_EQ(shell("gzip -dc x9.gz | tail -c 4"), "end\n");
}

TEST_F(Compress, Mistakes) {
  EXPECT_EQ(prepare({{"archive", text("tar")}, {"algorithm", text("pgzip")}}).errors,
            (std::vector<std::string>{
                "`archive` is not read; give the format as extension of `output`",
                "`algorithm` is not read; give the format as extension of `output`"}));
  EXPECT_FALSE(prepare({{"output", text("{{.Unclosed")}}).ok());
  input_.files = {"out/disk", "out/disk"};
  EXPECT_EQ(process({{"output", text("x.gz")}}).error().message,
            "Can only have 1 input file when not using tar/zip. Found 2 files");
  EXPECT_EQ(process({{"output", text("out/disk")}}).error().message,
            "compress: out/disk is a file of the artifact itself");
  EXPECT_EQ(*io::file_size(path("out/disk")), 300'004U);
}

}  // namespace
}  // namespace farm::builders
