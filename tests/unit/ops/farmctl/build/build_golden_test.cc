// The program itself, run as `farmctl build` runs it; times in its output become <time>.
#include <csignal>
#include <gtest/gtest.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::farmctl {
namespace {

struct Ran {
  int code = -1;
  std::string output;
};

// "finished after 3 seconds 20 milliseconds." -> "finished after <time>."
std::string without_times(std::string text) {
  for (const std::string_view word : {" finished after ", " errored after ", "completed after "}) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const size_t from = at + word.size();
      size_t to = from;
      while (to < text.size() && text[to] != '.' && text[to] != ':' && text[to] != '\n') ++to;
      text.replace(from, to - from, "<time>");
    }
  }
  return text;
}

class BuildGoldenTest : public ::testing::Test {
 protected:
  BuildGoldenTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "golden")) {}

  io::SpawnOptions program(std::vector<std::string> arguments) const {
    io::SpawnOptions options;
    options.argv = {FARM_BUILD_PROGRAM, "build", "--state", directory_.path() + "/state"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.directory = directory_.path();
    options.environment = std::map<std::string, std::string>{
        {"PATH", "/usr/bin:/bin"}, {"HOME", directory_.path()}};
    return options;
  }
  Ran run(std::vector<std::string> arguments) const {
    io::RunOptions options;
    options.spawn = program(std::move(arguments));
    options.deadline = std::chrono::seconds(60);
    const Result<io::Finished> finished = io::run_program(options, CancelToken());
    if (!finished) return {-1, finished.error().message};
    return {finished->status.code, without_times(finished->standard_output) +
                                       finished->standard_error};
  }
  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(io::write_file(directory_.path() + "/" + name, text).has_value());
  }
  bool nothing_left() const {
    return io::list_files(directory_.path() + "/state/runs")->empty();
  }

  io::TempDirectory directory_;
};

TEST_F(BuildGoldenTest, FileBuilder) {
  write("t.pkr.hcl", R"(source "file" "a" {
  content = "hello"
  target  = "out.txt"
}
build {
  sources = ["source.file.a"]
}
)");
  const Ran ran = run({"t.pkr.hcl"});
  EXPECT_EQ(ran.output,
            "Build 'file.a' finished after <time>.\n"
            "\n==> Wait completed after <time>\n"
            "\n==> Builds finished. The artifacts of successful builds are:\n"
            "--> file.a: Stored file: out.txt\n");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(*io::read_file(directory_.path() + "/out.txt"), "hello");
  EXPECT_TRUE(nothing_left());
}

TEST_F(BuildGoldenTest, FailingProvisionerFailsOnlyItsBuild) {
  write("t.pkr.hcl", R"(source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  sources = ["source.null.a", "source.null.b"]
  provisioner "shell-local" {
    only   = ["null.a"]
    inline = ["exit 3"]
  }
}
)");
  const Ran ran = run({"-parallel-builds=1", "t.pkr.hcl"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.output.find("Build 'null.a' errored after <time>: "), std::string::npos)
      << ran.output;
  EXPECT_NE(ran.output.find("Build 'null.b' finished after <time>."), std::string::npos);
  EXPECT_NE(ran.output.find("\n==> Some builds didn't complete successfully and had errors:\n"
                            "--> null.a: "),
            std::string::npos);
  EXPECT_TRUE(nothing_left());
}

TEST_F(BuildGoldenTest, SecretsDoNotAppear) {
  write("t.pkr.hcl", R"(variable "pw" {
  default   = "swordfish"
  sensitive = true
}
source "null" "a" { communicator = "none" }
build {
  sources = ["source.null.a"]
  provisioner "shell-local" {
    inline = ["echo it is ${var.pw}"]
  }
}
)");
  const Ran ran = run({"t.pkr.hcl"});
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_EQ(ran.output.find("swordfish"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("it is <sensitive>"), std::string::npos) << ran.output;
}

TEST_F(BuildGoldenTest, BadUseIsExplained) {
  const Ran bad_value = run({"-on-error=shrug", "t.pkr.hcl"});
  EXPECT_EQ(bad_value.code, 1);
  EXPECT_TRUE(bad_value.output.starts_with("invalid value \"shrug\" for flag -on-error"))
      << bad_value.output;
  EXPECT_EQ(run({}).code, 1);
  EXPECT_EQ(run({"no-such-file.pkr.hcl"}).code, 1);
}

TEST_F(BuildGoldenTest, AnInterruptCancelsAndCleansUp) {
  write("t.pkr.hcl", R"(source "null" "a" { communicator = "none" }
build {
  sources = ["source.null.a"]
  provisioner "shell-local" {
    inline = ["echo begun", "sleep 600"]
  }
}
)");
  Result<io::Process> child = io::Process::spawn(program({"t.pkr.hcl"}));
  ASSERT_TRUE(child.has_value());
  const Instant deadline = io::steady_now() + std::chrono::seconds(60);
  std::string output;
  bool interrupted = false;
  while (io::wait_ready(child->standard_output().get(), 1 /* POLLIN */, deadline,
                        CancelToken()) == io::Readiness::Ready) {
    char buffer[4096];
    const size_t got =
        io::read_some(child->standard_output().get(), buffer, sizeof buffer).value_or(0);
    if (got == 0) break;
    output.append(buffer, got);
    if (!interrupted && output.find(": begun") != std::string::npos) {
      interrupted = true;
      child->kill(SIGINT);
    }
  }
  const Result<io::ExitStatus> ended = child->wait(deadline, CancelToken());
  ASSERT_TRUE(ended.has_value()) << output;
  EXPECT_EQ(ended->code, 1);
  EXPECT_NE(output.find("==> null.a: Cancelling build after receiving interrupt\n"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find("Cleanly cancelled builds after being interrupted.\n"),
            std::string::npos)
      << output;
  EXPECT_TRUE(nothing_left());
}

}  // namespace
}  // namespace farm::farmctl
