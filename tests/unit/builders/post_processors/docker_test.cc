// docker-tag, docker-push, docker-save and docker-import over a stand-in for the program; the real
// ones meet a real engine and registry in tests/e2e/docker_test.py.
#include "builders/communicators/docker/docker_options.h"
#include "tests/support/fakes/stand_in_docker.h"
#include "tests/unit/builders/post_processors/post_processor_fixture.h"

namespace farm::builders {
namespace post_processor_docker_import {
void register_component(Registry& registry);
}
namespace post_processor_docker_push {
void register_component(Registry& registry);
}
namespace post_processor_docker_save {
void register_component(Registry& registry);
}
namespace post_processor_docker_tag {
void register_component(Registry& registry);
}
namespace {

using value::Value;

class DockerPostProcessor : public testing::PostProcessorTest {
 protected:
  DockerPostProcessor(const char* type, void (*add)(Registry&)) : PostProcessorTest(type, add) {
    build_.environment = docker_.environment();
    input_.builder_id = docker::kImportId;
    input_.id = "sha256:made";
  }
  farm::testing::StandInDocker docker_{directory_.path()};
};

class DockerTag : public DockerPostProcessor {
 protected:
  DockerTag() : DockerPostProcessor("docker-tag", post_processor_docker_tag::register_component) {}
};

TEST_F(DockerTag, EachTagAndTheLastNameAsId) {
  const auto done = process({{"repository", text("team/image")}, {"tags", list({"1", "2"})}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(docker_.calls(), (std::vector<std::string>{"tag|sha256:made|team/image:1",
                                                       "tag|sha256:made|team/image:2"}));
  EXPECT_EQ(done->artifact->id, "team/image:2");
  EXPECT_EQ(done->artifact->builder_id, docker::kTagId);
  EXPECT_EQ(done->artifact->text,
            "Imported Docker image: team/image:2 with tags team/image:1 team/image:2");
  EXPECT_TRUE(done->keep_input);
  EXPECT_TRUE(done->force_keep);
  ASSERT_TRUE(artifact::destroy(*done->artifact, directory_.path()).has_value());
  EXPECT_EQ(docker_.calls().back(), "rmi|team/image:2");
}

TEST_F(DockerTag, WithoutTagsTheRepositoryAsItIs) {
  input_.builder_id = docker::kTagId;
  const auto done = process({{"repository", text("team/image:x")}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->artifact->text, "Imported Docker image: team/image:x");
  EXPECT_EQ(docker_.calls(), std::vector<std::string>{"tag|sha256:made|team/image:x"});
}

TEST_F(DockerTag, ForceIsForOldProgramsOnlyAndTagIsDeprecated) {
  const Findings findings =
      prepare({{"repository", text("r")}, {"tag", list({"1"})}, {"force", Value::boolean(true)}});
  EXPECT_EQ(findings.warnings.size(), 1U);
  ASSERT_TRUE(post_processor_->process(build_.context, input_).has_value());
  EXPECT_EQ(docker_.calls().back(), "tag|sha256:made|r:1");
  farm::testing::StandInDocker old(directory_.path(),
                                   "-v) echo 'Docker version 1.11.2, build x';;");
  ASSERT_TRUE(post_processor_->process(build_.context, input_).has_value());
  EXPECT_EQ(docker_.calls().back(), "tag|-f|sha256:made|r:1");
}

TEST_F(DockerTag, Mistakes) {
  EXPECT_EQ(prepare({}).errors, std::vector<std::string>{"repository must be specified"});
  input_.builder_id = "transcend.qemu";
  EXPECT_EQ(process({{"repository", text("r")}}).error().message,
            "Unknown artifact type: transcend.qemu\nCan only tag from Docker builder artifacts.");
  input_.builder_id = docker::kImportId;
  EXPECT_EQ(process({{"repository", text("r")}, {"docker_path", text("no-docker")}}).error().code,
            ErrorCode::NotFound);
}

class DockerPush : public DockerPostProcessor {
 protected:
  DockerPush()
      : DockerPostProcessor("docker-push", post_processor_docker_push::register_component) {}
};

TEST_F(DockerPush, EveryNameOnceLoggedIn) {
  input_.builder_id = docker::kTagId;
  input_.id = "r:2";
  input_.state["docker_tags"] = Value::list(value::Type::string(), {text("r:1"), text("r:2")});
  const auto done = process({{"login", Value::boolean(true)},
                             {"login_username", text("me")},
                             {"login_password", text("secret")},
                             {"login_server", text("registry.example")},
                             {"platform", text("linux/amd64")}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(
      docker_.calls(),
      (std::vector<std::string>{
          "login|-u|me|--password-stdin|registry.example", "push|r:2|--platform|linux/amd64",
          "push|r:1|--platform|linux/amd64", "image|inspect|r:2", "logout|registry.example"}));
  EXPECT_EQ(read("password"), "secret");
  EXPECT_EQ(done->artifact->id, "r:2");
  EXPECT_EQ(done->artifact->builder_id, docker::kImportId);
  EXPECT_EQ(done->artifact->state.at("generated_data").get("Digest")->as_string(),
            "repo@sha256:digest");
  EXPECT_TRUE(done->keep_input);
  EXPECT_FALSE(done->force_keep);
}

TEST_F(DockerPush, TheLoginIsKeptInAFolderOfItsOwn) {
  ASSERT_TRUE(io::make_directories(path(".docker/contexts")).has_value());
  write(".docker/config.json", R"({"auths":{"x":{}},"currentContext":"remote"})");
  farm::testing::StandInDocker seen(directory_.path(),
                                    "login) cp \"$DOCKER_CONFIG/config.json\" " + path("seen") +
                                        "; test -e \"$DOCKER_CONFIG/contexts\" && "
                                        "echo \"$DOCKER_CONFIG\" > " +
                                        path("folder") + ";;");
  ASSERT_TRUE(
      process({{"docker_path", text("docker")}, {"login", Value::boolean(true)}}).has_value());
  EXPECT_EQ(read("seen"), R"({"currentContext":"remote"})");
  std::string folder = read("folder");
  folder.pop_back();
  EXPECT_FALSE(io::exists(folder));
  // One that the user chose is used as it is.
  build_.environment.set("DOCKER_CONFIG", path("chosen"));
  ASSERT_TRUE(io::make_directories(path("chosen/contexts")).has_value());
  write("chosen/config.json", "{}");
  ASSERT_TRUE(process({{"login", Value::boolean(true)}}).has_value());
  EXPECT_EQ(read("folder"), path("chosen") + "\n");
}

TEST_F(DockerPush, Mistakes) {
  EXPECT_EQ(prepare({{"ecr_login", Value::boolean(true)}}).errors,
            std::vector<std::string>{"ECR login requires login server to be provided."});
  const auto no_registry = process({{"ecr_login", Value::boolean(true)},
                                    {"login_server", text("r.example")},
                                    {"aws_access_key", text("k")},
                                    {"aws_secret_key", text("s")},
                                    {"aws_token", text("t")},
                                    {"aws_profile", text("p")},
                                    {"aws_force_use_public_ecr", Value::boolean(false)}});
  EXPECT_EQ(no_registry.error().code, ErrorCode::InvalidInput);
  input_.builder_id = "packer.docker";
  EXPECT_EQ(process({}).error().message,
            "Unknown artifact type: packer.docker\n"
            "Can only import from docker-import and docker-tag artifacts.");
}

class DockerSave : public DockerPostProcessor {
 protected:
  DockerSave()
      : DockerPostProcessor("docker-save", post_processor_docker_save::register_component) {}
};

TEST_F(DockerSave, WritesTheImageAndPassesTheInputOn) {
  const auto done = process({{"path", text("out/image.tar")}, {"docker_path", text("docker")}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(docker_.calls(), std::vector<std::string>{"save|sha256:made"});
  EXPECT_EQ(read("out/image.tar"), "tar-of-it\n");
  EXPECT_EQ(done->artifact->id, "sha256:made");
  EXPECT_TRUE(done->keep_input);
}

TEST_F(DockerSave, Mistakes) {
  EXPECT_EQ(prepare({}).errors, std::vector<std::string>{"path must be specified"});
  farm::testing::StandInDocker broken(directory_.path(),
                                      "save) echo half; echo gone >&2; exit 1;;");
  EXPECT_EQ(process({{"path", text("image.tar")}}).error().message,
            "Error saving image: docker save: exit status 1\nStderr: gone");
  EXPECT_FALSE(io::exists(path("image.tar")));
}

class DockerImport : public DockerPostProcessor {
 protected:
  DockerImport()
      : DockerPostProcessor("docker-import", post_processor_docker_import::register_component) {
    input_.builder_id = docker::kExportId;
    input_.id = "Container";
    input_.files = {"tree.tar"};
    write("tree.tar", "the tar");
  }
};

TEST_F(DockerImport, StreamsTheTarIn) {
  const auto done = process({{"docker_path", text("docker")},
                             {"repository", text("team/image")},
                             {"tag", text("1")},
                             {"changes", list({"CMD x", "ENV A=b"})},
                             {"platform", text("linux/amd64")}});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(docker_.calls(), std::vector<std::string>{
                                 "import|--change|CMD x|--change|ENV A=b|--platform|linux/amd64|"
                                 "-|team/image:1"});
  EXPECT_EQ(read("imported"), "the tar");
  EXPECT_EQ(done->artifact->id, "team/image:1");
  EXPECT_EQ(done->artifact->builder_id, docker::kImportId);
  EXPECT_FALSE(done->keep_input);
}

TEST_F(DockerImport, Mistakes) {
  EXPECT_EQ(prepare({{"tag", text("1")}}).errors,
            std::vector<std::string>{"a tag needs a repository"});
  input_.files = {"a", "b"};
  EXPECT_EQ(process({}).error().message,
            "an image is imported from one tar file; the artifact has 2 files");
  input_.builder_id = "transcend.qemu";
  EXPECT_EQ(process({}).error().message,
            "Unknown artifact type: transcend.qemu\n"
            "Can only import from Docker builder and Artifice post-processor artifacts. (What a "
            "builder with commit = true made is in the store already: it needs docker-tag, not "
            "docker-import.)");
}

}  // namespace
}  // namespace farm::builders
