#include "tests/unit/builders/post_processors/post_processor_fixture.h"

namespace farm::builders {
namespace post_processor_artifice {
void register_component(Registry& registry);
}
namespace {

class Artifice : public testing::PostProcessorTest {
 protected:
  Artifice() : PostProcessorTest("artifice", post_processor_artifice::register_component) {}
};

TEST_F(Artifice, ReplacesTheFileListAndTouchesNothing) {
  for (const char* name : {"a1", "a2", "b", "deep/a3"}) write(name, name);
  input_.files = {"b"};
  input_.state["generated_data"] = value::Value::object({{"ID", text("x")}});
  const auto done = process({{"files", list({"a*", "deep/*", "none*", path("b")})}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->artifact->files, (std::vector<std::string>{"a1", "a2", "deep/a3", path("b")}));
  EXPECT_EQ(done->artifact->builder_id, "packer.post-processor.artifice");
  EXPECT_EQ(done->artifact->id, "");
  EXPECT_EQ(done->artifact->text, "Created artifact from files: a1, a2, deep/a3, " + path("b"));
  EXPECT_TRUE(done->keep_input);
  EXPECT_FALSE(done->force_keep);
  EXPECT_TRUE(done->artifact->state.contains("generated_data"));
  EXPECT_EQ(read("b"), "b");
  EXPECT_EQ(build_.ui.lines[0], "say Discarding files from artifact: b");
}

TEST_F(Artifice, FilesAreNeeded) {
  EXPECT_EQ(prepare({}).errors,
            std::vector<std::string>{"No files specified in artifice configuration"});
  const auto none = process({{"files", list({"nothing*"})}});
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->artifact->files.empty());
  EXPECT_EQ(build_.ui.lines.back(),
            "err No file matches what artifice was given; the artifact has no files.");
}

}  // namespace
}  // namespace farm::builders
