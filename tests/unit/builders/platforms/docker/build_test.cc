// Whole builds against a stand-in for the program: which calls it gets for which option. What a
// real engine makes of them is the matter of tests/e2e/docker_test.py.
#include <gtest/gtest.h>

#include <algorithm>

#include "builders/platforms/docker/builder.h"
#include "tests/support/fakes/stand_in_docker.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_docker {
namespace {

using builders::testing::string_list;
using builders::testing::string_map;
using farm::testing::StandInDocker;
using value::Value;

Value text(const std::string& utf8) {
  return Value::string(utf8);
}

class DockerBuild : public builders::testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    stand_in();
  }
  void stand_in(const std::string& extra = {}) {
    docker_ = std::make_unique<StandInDocker>(root_, extra);
    environment_ = docker_->environment();
  }
  Result<std::optional<artifact::Artifact>> build(Value::Map options) {
    if (!options.contains("image") && !options.contains("build")) options["image"] = text("base:1");
    if (!options.contains("commit") && !options.contains("discard") &&
        !options.contains("export_path")) {
      options["commit"] = Value::boolean(true);
    }
    if (!options.contains("pull") && !options.contains("build")) {
      options["pull"] = Value::boolean(false);
    }
    const Findings findings =
        builder_.prepare(Value::object(std::move(options)), prepare_context());
    EXPECT_TRUE(findings.ok()) << findings.text();
    return builder_.run(context_);
  }
  // The arguments of `docker run` without the name and the shared folder, which are ours.
  std::string run_call() const {
    std::string line = docker_->call("run");
    for (const std::string& flag :
         {std::string("|--name|farm-"), "|-v|" + root_ + "/temp/packer-"}) {
      const size_t at = line.find(flag);
      if (at == std::string::npos) continue;
      line.erase(at, line.find('|', line.find('|', at + 1) + 1) - at);
    }
    return line;
  }

  std::unique_ptr<StandInDocker> docker_;
  DockerBuilder builder_;
};

TEST_F(DockerBuild, CommitsWithChangesAndLeavesNothing) {
  const auto made = build({{"author", text("An Author")},
                           {"message", text("a message")},
                           {"changes", string_list({"ENV A=b", "cmd [\"x\"]"})}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ((*made)->builder_id, "packer.post-processor.docker-import");
  EXPECT_EQ((*made)->id, "sha256:made");
  EXPECT_EQ((*made)->text, "Imported Docker image: sha256:made");
  EXPECT_EQ(docker_->call("commit"),
            "commit|--author|An Author|--change|ENV A=b|--change|cmd [\"x\"]|"
            "--change|ENTRYPOINT [\"\"]|--message|a message|cid");
  EXPECT_EQ(docker_->call("kill"), "kill|cid");
  EXPECT_EQ(docker_->call("rm"), "rm|--force|--volumes|cid");
  EXPECT_TRUE(ledger_.entries.empty());
  EXPECT_EQ(context_.generated.at("ImageSha256").as_string(), "sha256:made");
  EXPECT_EQ(context_.generated.at("SourceImageSha256").as_string(), "sha256:source");
  EXPECT_EQ(context_.generated.at("SourceImageDigest").as_string(), "repo@sha256:digest");
  EXPECT_EQ(context_.generated.at("ID").as_string(), "cid");
  EXPECT_EQ(context_.generated.at("Host").as_string(), "10.1.2.3");
  EXPECT_EQ(context_.generated.at("ConnType").as_string(), "docker");
}

TEST_F(DockerBuild, TheContainerIsInTheLedgerBeforeItExists) {
  ASSERT_TRUE(build({}).has_value());
  bool found = false;
  for (const std::string& entry : ledger_.history) {
    found |= entry.starts_with("docker-container farm-");
  }
  EXPECT_TRUE(found);
  stand_in("run) grep -c . /nowhere >/dev/null 2>&1; echo no >&2; exit 125;;");
  const auto failed = build({});
  EXPECT_EQ(failed.error().message,
            "Error running container: docker run: exit status 125\nStderr: no");
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(DockerBuild, RunOptionsBecomeArguments) {
  const auto made = build({{"device", string_list({"/dev/fuse"})},
                           {"cap_add", string_list({"SYS_ADMIN"})},
                           {"cap_drop", string_list({"MKNOD"})},
                           {"privileged", Value::boolean(true)},
                           {"runtime", text("runsc")},
                           {"platform", text("linux/arm64")},
                           {"tmpfs", string_list({"/scratch"})},
                           {"volumes", string_map({{"~/data", "/data"}, {"named", "/named"}})},
                           {"run_command", string_list({"-d", "{{.Image}}", "sleep"})}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(run_call(),
            "run|--device|/dev/fuse|--cap-add|SYS_ADMIN|--cap-drop|MKNOD|--privileged|--runtime|"
            "runsc|--platform|linux/arm64|--tmpfs|/scratch|-v|named:/named|-v|" +
                root_ + "/data:/data|-d|base:1|sleep");
}

TEST_F(DockerBuild, AnUnknownFieldInTheRunCommandIsAnError) {
  const auto made = build({{"run_command", string_list({"-d", "{{.Imagine}}"})}});
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().message.find("can't evaluate field Imagine: there is no such value here"),
            std::string::npos)
      << made.error().message;
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(DockerBuild, ContainerDirIsWhereTheSharedFolderIsMounted) {
  ASSERT_TRUE(build({{"container_dir", text("/shared")}}).has_value());
  EXPECT_NE(docker_->call("run").find(":/shared|"), std::string::npos);
}

TEST_F(DockerBuild, PullsLoggedIn) {
  const auto made = build({{"pull", Value::boolean(true)},
                           {"platform", text("linux/amd64")},
                           {"login", Value::boolean(true)},
                           {"login_server", text("registry.example")},
                           {"login_username", text("me")},
                           {"login_password", text("secret")}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(docker_->call("login"), "login|-u|me|--password-stdin|registry.example");
  EXPECT_EQ(*io::read_file(root_ + "/password"), "secret");
  EXPECT_EQ(docker_->call("pull"), "pull|base:1|--platform|linux/amd64");
  EXPECT_EQ(docker_->call("logout"), "logout|registry.example");
  EXPECT_TRUE(ui_.said("Pulling Docker image: base:1"));
}

TEST_F(DockerBuild, WithoutAnEcrPasswordNothingIsPulled) {
  const auto made = build({{"pull", Value::boolean(true)},
                           {"ecr_login", Value::boolean(true)},
                           {"login_server", text("no-registry.example")},
                           {"aws_access_key", text("key")},
                           {"aws_secret_key", text("secret")},
                           {"aws_token", text("token")},
                           {"aws_profile", text("builds")},
                           {"aws_force_use_public_ecr", Value::boolean(false)}});
  EXPECT_EQ(made.error().message,
            "login_server \"no-registry.example\" is no ECR registry: "
            "<account>.dkr.ecr.<region>.amazonaws.com");
  EXPECT_EQ(docker_->call("pull"), "");
}

TEST_F(DockerBuild, ExportsAndDiscards) {
  const auto exported = build({{"export_path", text("out/tree.tar")}});
  ASSERT_TRUE(exported.has_value()) << exported.error().message;
  EXPECT_EQ((*exported)->builder_id, "packer.docker");
  EXPECT_EQ((*exported)->files, std::vector<std::string>{"out/tree.tar"});
  EXPECT_EQ(*io::read_file(root_ + "/work/out/tree.tar"), "tar-of-it\n");
  const auto discarded = build({{"discard", Value::boolean(true)}});
  ASSERT_TRUE(discarded.has_value()) << discarded.error().message;
  EXPECT_TRUE((*discarded)->files.empty());
  EXPECT_EQ(docker_->call("commit"), "");
}

TEST_F(DockerBuild, AFailedExportLeavesNoFile) {
  stand_in("export) echo half; exit 1;;");
  EXPECT_FALSE(build({{"export_path", text("tree.tar")}}).has_value());
  EXPECT_FALSE(io::exists(root_ + "/work/tree.tar"));
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(DockerBuild, StartsFromADockerfile) {
  ASSERT_TRUE(io::make_directories(root_ + "/work/context"));
  ASSERT_TRUE(io::write_file(root_ + "/work/context/Dockerfile", "FROM x\n"));
  const Value block = Value::object({{"path", text("context/Dockerfile")},
                                     {"build_dir", text("context")},
                                     {"compress", Value::boolean(true)},
                                     {"pull", Value::boolean(true)},
                                     {"arguments", string_map({{"A", "1"}, {"B", "2"}})}});
  const auto made = build(
      {{"build", block}, {"platform", text("linux/amd64")}, {"discard", Value::boolean(true)}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::string call = docker_->call("build");
  const std::string start = "build|--iidfile|" + root_ + "/temp/docker-image-id|-f|" + root_ +
                            "/work/context/Dockerfile|--platform|linux/amd64|--pull|--compress|"
                            "--build-arg|A=1|--build-arg|B=2|--tag|farm-";
  EXPECT_TRUE(call.starts_with(start)) << call;
  EXPECT_NE(run_call().find("|sha256:built"), std::string::npos) << run_call();
  EXPECT_TRUE(docker_->call("rmi").starts_with("rmi|farm-"));
  EXPECT_EQ(context_.generated.at("SourceImageDigest").as_string(),
            "ERR_SOURCE_IMAGE_DIGEST_NOT_FOUND");
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(DockerBuild, CommandsAndFilesGoThroughTheProgram) {
  ASSERT_TRUE(io::write_file(root_ + "/work/file", "content", 0640));
  context_.provision = [this](BuildContext& context) -> Result<void> {
    Communicator& way = *context.communicator;
    RemoteCommand command;
    command.command = "id";
    const int status = TRY(way.run(command, cancel_));
    EXPECT_EQ(status, 0);
    TRY(way.upload(root_ + "/work/file", "/etc/there", 0640, {}, cancel_));
    return way.upload_directory(root_ + "/work/", "/srv", {}, cancel_);
  };
  const auto made = build({{"exec_user", text("tester")}, {"pty", Value::boolean(true)}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::vector<std::string> calls = docker_->calls();
  const auto called = [&](const std::string& line) {
    return std::find(calls.begin(), calls.end(), line) != calls.end();
  };
  EXPECT_TRUE(called("exec|-u|tester|-t|cid|/bin/sh|-c|(id)"));
  EXPECT_TRUE(called("cp|-|cid:/etc"));
  EXPECT_TRUE(called("exec|--user|root|cid|/bin/sh|-c|chown -R owner /etc/there"));
  EXPECT_TRUE(called("cp|" + root_ + "/work/.|cid:/srv"));
  io::RunOptions list;
  list.spawn.argv = {"tar", "-tvf", root_ + "/uploaded.tar"};
  const auto listing = io::run_program_checked(list, cancel_);
  ASSERT_TRUE(listing.has_value()) << listing.error().message;
  EXPECT_TRUE(listing->standard_output.starts_with("-rw-r-----")) << listing->standard_output;
  EXPECT_NE(listing->standard_output.find(" there\n"), std::string::npos);
}

TEST_F(DockerBuild, UploadsStayTheirOwnersWhenAskedTo) {
  context_.provision = [this](BuildContext& context) {
    return context.communicator->upload_bytes("x", "/etc/there", 0600, cancel_);
  };
  ASSERT_TRUE(build({{"fix_upload_owner", Value::boolean(false)}}).has_value());
  EXPECT_EQ(docker_->call("exec"), "");
}

TEST_F(DockerBuild, WindowsContainersTakeFilesThroughTheSharedFolder) {
  ASSERT_TRUE(io::write_file(root_ + "/work/file", "content"));
  context_.provision = [this](BuildContext& context) {
    return context.communicator->upload(root_ + "/work/file", "c:/there", 0644, {}, cancel_);
  };
  const auto made = build({{"windows_container", Value::boolean(true)}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::string call = docker_->call("exec");
  EXPECT_TRUE(call.starts_with("exec|-i|cid|powershell|(Copy-Item -Path c:/packer-files/upload"))
      << call;
  EXPECT_TRUE(call.ends_with("/file -Destination c:/there)")) << call;
  // It cannot be committed while it runs.
  const std::vector<std::string> calls = docker_->calls();
  const auto stop = std::find(calls.begin(), calls.end(), "stop|cid");
  const auto commit = std::find_if(calls.begin(), calls.end(), [](const std::string& line) {
    return line.starts_with("commit|");
  });
  EXPECT_LT(stop, commit);
}

TEST_F(DockerBuild, AnotherProgramIsUsedThroughout) {
  stand_in("-v) echo podman version 4.3.1;;");
  ASSERT_TRUE(io::move_file(root_ + "/docker", root_ + "/podman", cancel_));
  ASSERT_TRUE(build({{"docker_path", text("podman")}}).has_value());
  EXPECT_TRUE(ui_.said("Run command: podman run"));
  EXPECT_EQ(docker_->call("commit"),
            "commit|--change|CMD [\"/bin/app\"]|--change|ENTRYPOINT []|cid");
  EXPECT_EQ(build({{"docker_path", text("no-such-program")}}).error().message,
            "no-such-program: executable file not found in $PATH");
}

TEST_F(DockerBuild, ANameOfTheTemplateIsLeftToIt) {
  stand_in("run) echo conflict >&2; exit 125;;");
  EXPECT_FALSE(
      build({{"run_command", string_list({"-d", "--name=mine", "{{.Image}}"})}}).has_value());
  EXPECT_EQ(docker_->call("rm"), "");  // it may be somebody else's
  EXPECT_TRUE(ledger_.entries.empty());
}

class DockerReaper : public DockerBuild {
 protected:
  Result<void> reap(const LeftResource& resource) {
    ReapContext reaping{ui_, clock_, random_, environment_, cancel_, render_, root_ + "/work", {}};
    return reap_container(reaping, resource);
  }
};

TEST_F(DockerReaper, RemovesByIdOrByOurName) {
  EXPECT_TRUE(reap({kContainerKind, "farm-x", "cid"}).has_value());
  EXPECT_EQ(docker_->call("rm"), "rm|--force|--volumes|cid");
  stand_in("ps) test -e " + root_ + "/gone || echo cid;; rm) touch " + root_ + "/gone;;");
  EXPECT_TRUE(reap({kContainerKind, "farm-x", ""}).has_value());
  EXPECT_EQ(docker_->calls().back(), "ps|--all|--quiet|--no-trunc|--filter|name=^/?farm-x$");
  EXPECT_TRUE(io::exists(root_ + "/gone"));
}

TEST_F(DockerReaper, LeavesForeignNamesAndSaysWhatStays) {
  EXPECT_TRUE(reap({kContainerKind, "mine", ""}).has_value());
  EXPECT_TRUE(docker_->calls().empty());
  stand_in("ps) echo cid;; rm) echo in use >&2; exit 1;;");
  EXPECT_EQ(reap({kContainerKind, "farm-x", "cid"}).error().message,
            "docker rm: exit status 1\nStderr: in use");
}

}  // namespace
}  // namespace farm::builders::platform_docker
