#include "common/io/process.h"

#include <csignal>
#include <gtest/gtest.h>

#include "common/io/files.h"

namespace farm::io {
namespace {

RunOptions shell(const std::string& script) {
  RunOptions options;
  options.spawn.argv = {"sh", "-c", script};
  options.deadline = std::chrono::seconds(20);
  return options;
}

TEST(RunProgram, KeepsBothStreamsAndStatus) {
  const auto done = run_program(shell("echo out; echo err >&2; exit 3"), CancelToken());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status.code, 3);
  EXPECT_EQ(done->standard_output, "out\n");
  EXPECT_EQ(done->standard_error, "err\n");
}

TEST(RunProgram, CheckedErrorCarriesTheLastLines) {
  const auto done = run_program_checked(shell("echo first >&2; echo broken >&2; exit 1"), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "sh: exit status 1: first\nbroken");
}

TEST(RunProgram, PassesLargeInputThroughWithoutBlocking) {
  RunOptions options = shell("cat");
  options.input = std::string(3 << 20, 'i');
  const auto done = run_program(options, CancelToken());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->standard_output, options.input);
}

TEST(RunProgram, StreamsPiecesToTheSink) {
  RunOptions options = shell("printf one; printf two >&2");
  std::string out;
  std::string err;
  options.on_stdout = [&](std::string_view bytes) { out += bytes; };
  options.on_stderr = [&](std::string_view bytes) { err += bytes; };
  ASSERT_TRUE(run_program(options, CancelToken()));
  EXPECT_EQ(out, "one");
  EXPECT_EQ(err, "two");
}

TEST(RunProgram, DeadlineKillsTheWholeGroup) {
  RunOptions options = shell("sleep 60 & sleep 60");
  options.spawn.own_process_group = true;
  options.deadline = std::chrono::milliseconds(50);
  const auto done = run_program(options, CancelToken());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Timeout);
}

TEST(RunProgram, CancelledBeforeItEnds) {
  const CancelToken cancel;
  RunOptions options = shell("echo started; exec sleep 60");
  options.on_stdout = [&](std::string_view) { cancel.cancel(); };
  const auto done = run_program(options, cancel);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Cancelled);
}

TEST(RunProgram, DoesNotWaitForAGrandchildThatKeptThePipe) {
  RunOptions options = shell("sleep 15 & echo done");
  options.spawn.own_process_group = true;
  const Instant begin = steady_now();
  const auto done = run_program(options, CancelToken());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->standard_output, "done\n");
  EXPECT_LT(steady_now() - begin, Duration(std::chrono::seconds(10)));
}

TEST(RunProgram, GivesDirectoryEnvironmentAndMergedOutput) {
  RunOptions options = shell("pwd; echo $ONE >&2");
  options.spawn.directory = "/";
  options.spawn.environment = {{"ONE", "uno"}, {"PATH", "/usr/bin:/bin"}};
  options.spawn.merge_output = true;
  const auto done = run_program(options, CancelToken());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->standard_output, "/\nuno\n");
}

TEST(Process, MissingProgramIsNotFoundAndNamed) {
  SpawnOptions options;
  options.argv = {"no-such-program-here"};
  const auto process = Process::spawn(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::NotFound);
  EXPECT_EQ(process.error().message, "program not found: no-such-program-here");
}

TEST(Process, StopEndsAChildThatIgnoresTerm) {
  SpawnOptions options;
  options.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"};
  options.own_process_group = true;
  options.die_with_parent = true;
  auto process = Process::spawn(options);
  ASSERT_TRUE(process);
  char ready[6];
  ASSERT_EQ(read_some(process->standard_output().get(), ready, sizeof ready).value_or(0), 6U);
  EXPECT_FALSE(process->poll().has_value());
  EXPECT_FALSE(process->identity().empty());
  const ExitStatus status = process->stop(std::chrono::milliseconds(20));
  EXPECT_EQ(status.signal, SIGKILL);
  EXPECT_EQ(status.text(), "killed by signal 9");
}

TEST(Process, IdentityNamesPidStartAndBoot) {
  const std::string identity = process_identity(::getpid());
  EXPECT_EQ(identity.rfind(std::to_string(::getpid()) + " ", 0), 0U);
  EXPECT_EQ(process_identity(0x7fffffff), "");
}

TEST(LastLines, KeepsTheEndOnly) {
  EXPECT_EQ(last_lines("a\nb\n\nc\n", 2), "b\nc");
  EXPECT_EQ(last_lines("", 2), "");
  EXPECT_EQ(last_lines("one", 2), "one");
}

}  // namespace
}  // namespace farm::io
