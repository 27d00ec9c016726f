#include "builders/platforms/docker/config.h"

#include <gtest/gtest.h>

#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_docker {
namespace {

using value::Value;

Value text(const std::string& utf8) {
  return Value::string(utf8);
}
Value yes() {
  return Value::boolean(true);
}

class DockerConfigTest : public builders::testing::BuildFixture {
 protected:
  Findings decode(Value::Map options) {
    Findings findings;
    config_ = DockerConfig::decode(Value::object(std::move(options)), prepare_context(), findings);
    return findings;
  }
  DockerConfig config_;
};

TEST_F(DockerConfigTest, Defaults) {
  EXPECT_TRUE(decode({{"image", text("a")}, {"commit", yes()}}).ok());
  EXPECT_EQ(config_.run_command, (std::vector<std::string>{"-d", "-i", "-t", "--entrypoint=/bin/sh",
                                                           "--", "{{.Image}}"}));
  EXPECT_EQ(config_.container_dir, "/packer-files");
  EXPECT_EQ(config_.docker_path, "docker");
  EXPECT_TRUE(config_.pull);
  EXPECT_TRUE(config_.fix_upload_owner);
  EXPECT_EQ(config_.communicator.type, CommunicatorType::Docker);
}

TEST_F(DockerConfigTest, WindowsContainersHaveTheirOwnDefaults) {
  EXPECT_TRUE(decode({{"image", text("a")}, {"commit", yes()}, {"windows_container", yes()}}).ok());
  EXPECT_EQ(config_.run_command[3], "--entrypoint=powershell");
  EXPECT_EQ(config_.container_dir, "c:/packer-files");
  EXPECT_EQ(config_.communicator.type, CommunicatorType::DockerWindowsContainer);
  EXPECT_EQ(decode({{"image", text("a")},
                    {"commit", yes()},
                    {"windows_container", yes()},
                    {"communicator", text("docker")}})
                .errors,
            std::vector<std::string>{
                "with windows_container the communicator must be \"dockerWindowsContainer\""});
  EXPECT_EQ(decode({{"image", text("a")},
                    {"commit", yes()},
                    {"communicator", text("dockerWindowsContainer")}})
                .errors,
            std::vector<std::string>{
                "the communicator \"dockerWindowsContainer\" needs windows_container = true"});
}

TEST_F(DockerConfigTest, Mistakes) {
  ASSERT_TRUE(io::make_directories(root_ + "/work/folder"));
  ASSERT_TRUE(io::write_file(root_ + "/work/Dockerfile", "FROM x\n"));
  const Value build = Value::object({{"path", text("Dockerfile")}});
  struct Case {
    const char* name;
    Value::Map options;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"no source", {{"commit", yes()}}, "one of `image` or `build` must be specified"},
      {"two sources",
       {{"commit", yes()}, {"image", text("a")}, {"build", build}},
       "only one of `image` and `build` can be specified"},
      {"no outcome",
       {{"image", text("a")}},
       "No instructions given for handling the artifact; expected commit, discard, or export_path"},
      {"two outcomes",
       {{"image", text("a")}, {"commit", yes()}, {"discard", yes()}},
       "Cannot specify more than one of commit, discard, and export_path"},
      {"export to a folder",
       {{"image", text("a")}, {"export_path", text("folder")}},
       "export_path must be a file, not a directory"},
      {"ECR without a server",
       {{"image", text("a")}, {"commit", yes()}, {"ecr_login", yes()}},
       "ECR login requires login server to be provided."},
      {"half an AWS key",
       {{"image", text("a")}, {"commit", yes()}, {"aws_access_key", text("k")}},
       "aws_access_key and aws_secret_key must be given together"},
      {"no Dockerfile",
       {{"commit", yes()}, {"build", Value::object({{"path", text("nowhere")}})}},
       "build: `path` \"nowhere\" is not a file"},
      {"no build folder",
       {{"commit", yes()},
        {"build", Value::object({{"path", text("Dockerfile")}, {"build_dir", text("nowhere")}})}},
       "build: `build_dir` \"nowhere\" is not a directory"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(decode(c.options).errors, std::vector<std::string>{c.error});
  }
}

TEST_F(DockerConfigTest, PullIsOfTheBuildBlockWhenThereIsOne) {
  ASSERT_TRUE(io::write_file(root_ + "/work/Dockerfile", "FROM x\n"));
  const Findings findings = decode(
      {{"commit", yes()},
       {"pull", yes()},
       {"build", Value::object({{"path", text("Dockerfile")}, {"pull", Value::boolean(false)}})}});
  EXPECT_TRUE(findings.ok());
  EXPECT_EQ(findings.warnings,
            std::vector<std::string>{
                "`pull` is ignored when the image is built; set it in the `build` block"});
  EXPECT_FALSE(config_.build.pull);
}

}  // namespace
}  // namespace farm::builders::platform_docker
