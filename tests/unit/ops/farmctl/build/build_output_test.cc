#include "ops/farmctl/build/build_output.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "common/io/fd.h"

namespace farm::farmctl {
namespace {

using wire::LogKind;

class BuildOutputTest : public ::testing::Test {
 protected:
  BuildOutputTest() : pipe_(*io::make_pipe()) { options_.fd = pipe_.write.get(); }

  static void play(BuildOutput& output) {
    const auto record = [&](LogKind kind, std::string_view text) {
      output.record("null.x", {WallTime{}, kind, text});
    };
    output.begin({"null.x", "qemu.y"});
    record(LogKind::Step, "provisioner shell-local");
    record(LogKind::Say, "Running local shell script: /tmp/x");
    record(LogKind::Detail, "a, b");
    record(LogKind::Error, "on stderr");
    record(LogKind::Progress, "file\t1048576\t2097152");
    record(LogKind::Step, "post-processor manifest");
    record(LogKind::Say, "writing");
    record(LogKind::Step, "post-processors");
    record(LogKind::Say, "next");
    const EndedBuild good{"null.x", true, "", {{"id.b", "Id", "Text", {{"f,1", 3, "", false}}}}};
    const EndedBuild bad{"qemu.y", false, "no kvm", {}};
    output.ended(good, std::chrono::milliseconds(20));
    output.ended(bad, std::chrono::seconds(2));
    output.summary({good, bad}, std::chrono::seconds(3), false);
  }
  std::string printed(BuildOutput& output) {
    output.flush();
    std::string text(16384, '\0');
    text.resize(io::read_some(pipe_.read.get(), text.data(), text.size()).value_or(0));
    return text;
  }

  io::Pipe pipe_;
  ManualClock clock_;
  OutputOptions options_{1, false, false, false, &clock_};
};

TEST_F(BuildOutputTest, PlainTextIsPackers) {
  const auto output = human_output(options_);
  play(*output);
  EXPECT_EQ(printed(*output),
            "==> null.x: Running local shell script: /tmp/x\n"
            "    null.x: a, b\n"
            "==> null.x: on stderr\n"
            "==> null.x (manifest): writing\n"
            "==> null.x: next\n"
            "Build 'null.x' finished after 20 milliseconds.\n"
            "Build 'qemu.y' errored after 2 seconds: no kvm\n"
            "\n==> Wait completed after 3 seconds\n"
            "\n==> Some builds didn't complete successfully and had errors:\n"
            "--> qemu.y: no kvm\n"
            "\n==> Builds finished. The artifacts of successful builds are:\n"
            "--> null.x: Text\n");
}

TEST_F(BuildOutputTest, ColorsCycleAndErrorsAreRed) {
  options_.color = true;
  options_.progress = true;
  const auto output = human_output(options_);
  play(*output);
  const std::string text = printed(*output);
  EXPECT_TRUE(text.starts_with("\033[1;32mnull.x: output will be in this color.\033[0m\n"
                               "\033[1;36mqemu.y: output will be in this color.\033[0m\n\n"));
  EXPECT_NE(text.find("\033[0;32m    null.x: a, b\033[0m\n"), std::string::npos);
  EXPECT_NE(text.find("\033[1;31m==> null.x: on stderr\033[0m\n"), std::string::npos);
  EXPECT_NE(text.find("null.x: file 1.0 MiB / 2.0 MiB 50%"), std::string::npos);
}

TEST_F(BuildOutputTest, TimestampsStandBeforeTheLine) {
  options_.timestamps = true;
  ::setenv("TZ", "UTC", 1);
  const auto output = human_output(options_);
  output->record("a", {WallTime{}, LogKind::Say, "x"});
  EXPECT_EQ(printed(*output), "2024-01-02T03:04:05Z: ==> a: x\n");
}

TEST_F(BuildOutputTest, MachineReadableBlocksHavePackersOrder) {
  const auto output = machine_output(options_);
  play(*output);
  const std::string t = "1704164645,";
  EXPECT_EQ(printed(*output),
            t + ",ui,say,==> null.x: Running local shell script: /tmp/x\n" +
            t + ",ui,message,    null.x: a%!(PACKER_COMMA) b\n" +
            t + ",ui,error,==> null.x: on stderr\n" +
            t + ",ui,say,==> null.x (manifest): writing\n" +
            t + ",ui,say,==> null.x: next\n" +
            t + ",ui,say,Build 'null.x' finished after 20 milliseconds.\n" +
            t + ",ui,error,Build 'qemu.y' errored after 2 seconds: no kvm\n" +
            t + ",ui,say,\\n==> Wait completed after 3 seconds\n" +
            t + ",error-count,1\n" +
            t + ",ui,error,\\n==> Some builds didn't complete successfully and had errors:\n" +
            t + "qemu.y,error,no kvm\n" +
            t + ",ui,error,--> qemu.y: no kvm\n" +
            t + ",ui,say,\\n==> Builds finished. The artifacts of successful builds are:\n" +
            t + "null.x,artifact-count,1\n" +
            t + "null.x,artifact,0,builder-id,id.b\n" +
            t + "null.x,artifact,0,id,Id\n" +
            t + "null.x,artifact,0,string,Text\n" +
            t + "null.x,artifact,0,files-count,1\n" +
            t + "null.x,artifact,0,file,0,f%!(PACKER_COMMA)1\n" +
            t + "null.x,artifact,0,end\n" +
            t + ",ui,say,--> null.x: Text\n");
}

TEST_F(BuildOutputTest, NoArtifactsAndInterrupts) {
  const auto output = human_output(options_);
  output->summary({{"a", true, "", {}}}, std::chrono::seconds(1), false);
  output->summary({{"a", false, "Build was cancelled.", {}}}, std::chrono::seconds(1), true);
  EXPECT_EQ(printed(*output),
            "\n==> Wait completed after 1 second\n"
            "\n==> Builds finished but no artifacts were created.\n"
            "\n==> Wait completed after 1 second\n"
            "Cleanly cancelled builds after being interrupted.\n");
}

}  // namespace
}  // namespace farm::farmctl
