#include "agent/ledger/sweep.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::agent {
namespace {

class SweepTest : public ::testing::Test {
 protected:
  SweepTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "sweep")) {}
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  io::TempDirectory directory_;
};

Result<io::Process> sleeper(std::map<std::string, std::string> environment = {}) {
  io::SpawnOptions options;
  options.argv = {"/bin/sleep", "600"};
  options.standard_output = io::Stream::Null;
  options.standard_error = io::Stream::Null;
  environment.emplace("PATH", "/bin:/usr/bin");
  options.environment = std::move(environment);
  return io::Process::spawn(options);
}

Instant soon() { return io::steady_now() + std::chrono::seconds(20); }

TEST_F(SweepTest, RemovesPathsAndProcessesOnce) {
  ASSERT_TRUE(io::make_directories(path("tree/deep")).has_value());
  ASSERT_TRUE(io::write_file(path("tree/deep/file"), "x").has_value());
  Result<io::Process> child = sleeper();
  ASSERT_TRUE(child.has_value());
  {
    Result<FileLedger> ledger = FileLedger::open(path("ledger"));
    const uint64_t process = *ledger->intend("process", "sleep");
    ASSERT_TRUE(ledger->bound(process, child->identity()).has_value());
    ASSERT_TRUE(ledger->intend("path", path("tree")).has_value());
    ASSERT_TRUE(ledger->intend("path", path("never-made")).has_value());
    ASSERT_TRUE(ledger->intend("process", "never-started").has_value());
  }
  Result<SweepReport> report = sweep(path("ledger"));
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->clean());
  EXPECT_EQ(report->removed, 4U);
  EXPECT_FALSE(io::exists(path("tree")));
  const Result<io::ExitStatus> ended = child->wait(soon(), CancelToken());
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->signal, SIGKILL);

  report = sweep(path("ledger"));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->removed, 0U);
}

TEST_F(SweepTest, HandsBackWhatOnlyAPlatformCanRemove) {
  ASSERT_TRUE(FileLedger::open(path("ledger"))->intend("proxmox-vm", "farm-1").has_value());
  for (int round = 0; round < 2; ++round) {
    const Result<SweepReport> report = sweep(path("ledger"));
    ASSERT_TRUE(report.has_value());
    ASSERT_EQ(report->foreign.size(), 1U);
    EXPECT_EQ(report->foreign[0].name, "farm-1");
  }
}

TEST_F(SweepTest, RefusesPathsThatAreNotAbsolute) {
  for (const char* bad : {"", "relative", "/"}) {
    SCOPED_TRACE(bad);
    ASSERT_TRUE(io::remove_file(path("ledger")).has_value());
    ASSERT_TRUE(FileLedger::open(path("ledger"))->intend("path", bad).has_value());
    const Result<SweepReport> report = sweep(path("ledger"));
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->failures.size(), 1U);
  }
}

TEST_F(SweepTest, MissingLedgerIsClean) {
  const Result<SweepReport> report = sweep(path("ledger"));
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->clean());
}

TEST_F(SweepTest, SparesAnotherProcessWithTheSameNumber) {
  Result<io::Process> child = sleeper();
  ASSERT_TRUE(child.has_value());
  const std::string other = std::to_string(child->pid()) + " 1 some-other-boot";
  EXPECT_TRUE(kill_by_identity(other).has_value());
  EXPECT_FALSE(child->poll().has_value());
  child->stop(Duration::zero());
}

TEST_F(SweepTest, FindsDescendantsByTheLeaseVariable) {
  Result<io::Process> marked = sleeper({{kLeaseVariable, "lease-of-this-test"}});
  Result<io::Process> unmarked = sleeper({{kLeaseVariable, "lease-of-this-test-2"}});
  ASSERT_TRUE(marked.has_value() && unmarked.has_value());
  EXPECT_EQ(kill_lease_processes("lease-of-this-test"), 1U);
  ASSERT_TRUE(marked->wait(soon(), CancelToken()).has_value());
  EXPECT_FALSE(unmarked->poll().has_value());
  unmarked->stop(Duration::zero());
}

}  // namespace
}  // namespace farm::agent
