#include "agent/runner/post_processing.h"

#include <gtest/gtest.h>

#include "common/io/files.h"
#include "tests/unit/agent/runner/fake_components.h"

namespace farm::agent {
namespace {

// What one post-processor does and what the template says about its input.
struct Link {
  std::string type;
  bool keep = false;
  bool force = false;
  std::optional<bool> user = std::nullopt;
  enum class Ends { Artifact, Nothing, Error } ends = Ends::Artifact;
};

struct Case {
  const char* name;
  std::vector<std::vector<Link>> sequences;
  std::vector<std::string> artifacts;
  std::vector<std::string> destroyed;
  std::string error;
};

using Ends = Link::Ends;

const Case kCases[] = {
    {"no post-processors", {}, {"built"}, {}, ""},
    {"input not kept", {{{"a"}}}, {"a"}, {"built"}, ""},
    {"component keeps", {{{"a", true}}}, {"built", "a"}, {}, ""},
    {"user keeps", {{{"a", false, false, true}}}, {"built", "a"}, {}, ""},
    {"user does not keep", {{{"a", true, false, false}}}, {"a"}, {"built"}, ""},
    {"forced against the user", {{{"a", true, true, false}}}, {"built", "a"}, {}, ""},
    {"later prior kept", {{{"a"}, {"b", true}}}, {"a", "b"}, {"built"}, ""},
    {"later prior destroyed", {{{"a"}, {"b"}}}, {"b"}, {"a", "built"}, ""},
    {"one keep suffices", {{{"a"}}, {{"b", true}}}, {"built", "a", "b"}, {}, ""},
    {"nothing stops quietly", {{{"a", true, false, {}, Ends::Nothing}, {"b"}}}, {}, {"built"}, ""},
    {"others go on after an error",
     {{{"a", false, false, {}, Ends::Error}, {"b"}}, {{"c", true}}},
     {"built", "c"},
     {},
     "1 error(s) occurred:\n\n* Post-processor failed: a broke"},
    {"all errors are listed",
     {{{"a", false, false, {}, Ends::Error}}, {{"b", false, false, {}, Ends::Error}}},
     {},
     {"built"},
     "2 error(s) occurred:\n\n* Post-processor failed: a broke\n* Post-processor failed: b broke"},
};

class PostProcessingTest : public ::testing::Test {
 protected:
  PostProcessingTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "post")) {}

  artifact::Artifact made(const std::string& name) {
    artifact::Artifact artifact;
    artifact.id = name;
    const std::string path = directory_.path() + "/" + name;
    EXPECT_TRUE(io::write_file(path, name).has_value());
    artifact.destroy_paths = {path};
    return artifact;
  }

  void add(plan::JobSpec& job, const std::vector<Link>& sequence) {
    job.post_processors.emplace_back();
    for (const Link& link : sequence) {
      build.registry.add_post_processor(link.type, [this, link] {
        return std::make_unique<ScriptedPostProcessor>(
            [this, link](const artifact::Artifact&) -> Result<builders::PostProcessed> {
              if (link.ends == Ends::Error) return internal(link.type + " broke");
              builders::PostProcessed done{std::nullopt, link.keep, link.force};
              if (link.ends == Ends::Artifact) done.artifact = made(link.type);
              return done;
            });
      });
      job.post_processors.back().push_back({FakeBuild::component(link.type), link.user});
    }
  }

  io::TempDirectory directory_;
  FakeBuild build;
};

TEST_F(PostProcessingTest, KeepsAndDestroysByTheRules) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    plan::JobSpec job;
    for (const auto& sequence : c.sequences) add(job, sequence);
    builders::BuildContext context = build.context();
    const PostProcessingOutcome outcome =
        run_post_processors(context, job, build.setup, [](std::string_view) {}, made("built"));
    std::vector<std::string> ids;
    for (const artifact::Artifact& artifact : outcome.artifacts) ids.push_back(artifact.id);
    EXPECT_EQ(ids, c.artifacts);
    EXPECT_EQ(outcome.error ? outcome.error->message : "", c.error);
    for (const std::string& name : c.destroyed) {
      EXPECT_FALSE(io::exists(directory_.path() + "/" + name)) << name;
    }
    for (const std::string& name : c.artifacts) {
      EXPECT_TRUE(io::exists(directory_.path() + "/" + name)) << name;
    }
  }
}

TEST_F(PostProcessingTest, NamesThemAsUsersKnowIt) {
  plan::JobSpec job;
  add(job, {{"named"}, {"unnamed"}, {"json"}});
  job.post_processors[0][0].component.name = "mine";
  job.post_processors[0][2].component.name = "json";
  builders::BuildContext context = build.context();
  std::vector<std::string> steps;
  run_post_processors(context, job, build.setup,
                      [&](std::string_view step) { steps.emplace_back(step); }, made("built"));
  EXPECT_EQ(build.ui.lines,
            (std::vector<std::string>{"Running post-processor: mine (type named)",
                                      "Running post-processor:  (type unnamed)",
                                      "Running post-processor: json"}));
  ASSERT_EQ(steps.size(), 6U);
  EXPECT_EQ(steps[1], "post-processor named");
}

TEST_F(PostProcessingTest, CancelledBuildKeepsWhatExists) {
  plan::JobSpec job;
  add(job, {{"a"}});
  build.cancel.cancel();
  builders::BuildContext context = build.context();
  const PostProcessingOutcome outcome =
      run_post_processors(context, job, build.setup, [](std::string_view) {}, made("built"));
  ASSERT_EQ(outcome.artifacts.size(), 1U);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace farm::agent
