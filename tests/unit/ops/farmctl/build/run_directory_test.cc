#include "ops/farmctl/build/run_directory.h"
#include "ops/farmctl/common/state_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/ledger/file_ledger.h"
#include "agent/spool/lease_directory.h"
#include "common/io/files.h"

namespace farm::farmctl {
namespace {

class RunDirectoryTest : public ::testing::Test {
 protected:
  RunDirectoryTest() : state_(*io::TempDirectory::create(::testing::TempDir(), "state")) {}

  // A run that is held by nobody any more, with one lease that owns `owned`.
  std::string dead_run(const std::string& owned, bool kept, const std::string& kind = "path") {
    const Result<RunDirectory> run = RunDirectory::create(state_.path(), random_);
    EXPECT_TRUE(run.has_value());
    wire::Offer offer;
    offer.ref = {JobId::random(random_), Epoch{1, 1}};
    const Result<agent::LeaseDirectory> lease =
        agent::LeaseDirectory::create(run->leases(), offer, agent::Durability::Volatile);
    EXPECT_TRUE(lease.has_value());
    EXPECT_TRUE(agent::FileLedger::open(lease->ledger())->intend(kind, owned).has_value());
    EXPECT_TRUE(!kept || lease->mark_kept().has_value());
    return run->path();
  }

  io::TempDirectory state_;
  SeededRandom random_{3};
};

TEST_F(RunDirectoryTest, SweepsOnlyRunsThatNobodyHolds) {
  const std::string owned = state_.path() + "/owned";
  ASSERT_TRUE(io::write_file(owned, "x").has_value());
  const std::string dead = dead_run(owned, false);
  const Result<RunDirectory> held = RunDirectory::create(state_.path(), random_);
  ASSERT_TRUE(held.has_value());
  EXPECT_TRUE(sweep_dead_runs(state_.path(), state_.path()).empty());
  EXPECT_FALSE(io::exists(dead));
  EXPECT_FALSE(io::exists(owned));
  EXPECT_TRUE(io::exists(held->path()));
  ASSERT_TRUE(held->remove().has_value());
  EXPECT_FALSE(io::exists(held->path()));
}

TEST_F(RunDirectoryTest, LeavesKeptMachinesAlone) {
  const std::string owned = state_.path() + "/owned";
  ASSERT_TRUE(io::write_file(owned, "x").has_value());
  const std::string dead = dead_run(owned, true);
  EXPECT_TRUE(sweep_dead_runs(state_.path(), state_.path()).empty());
  EXPECT_TRUE(io::exists(dead));
  EXPECT_TRUE(io::exists(owned));
}

TEST_F(RunDirectoryTest, HandsLeasesWithRemainsAtAProviderOver) {
  const std::string dead = dead_run("machine 100", false, "proxmox-vm");
  const Result<RunDirectory> next = RunDirectory::create(state_.path(), random_);
  ASSERT_TRUE(next.has_value());
  const std::vector<std::string> notes = sweep_dead_runs(state_.path(), next->leases());
  EXPECT_EQ(notes, std::vector<std::string>{
                       "A killed build left proxmox-vm machine 100; removing it."});
  EXPECT_FALSE(io::exists(dead));
  const auto files = io::list_files(next->leases());
  ASSERT_FALSE(files->empty());
  const agent::LeaseDirectory lease(io::parent_path(files->front()));
  EXPECT_TRUE(lease.orphaned());
  // What nobody could remove must be found by the run after this one.
  ASSERT_TRUE(next->remove().has_value());
  EXPECT_TRUE(lease.orphaned());
}

TEST_F(RunDirectoryTest, StateDirectoryFollowsXdg) {
  EXPECT_EQ(state_directory("given", Environment()), "given");
  Environment environment;
  environment.set("TMPDIR", "/t");
  EXPECT_EQ(state_directory("", environment), "/t/farm-" + std::to_string(::getuid()));
  environment.set("HOME", state_.path());
  EXPECT_EQ(state_directory("", environment), state_.path() + "/.local/state/farm");
  environment.set("XDG_STATE_HOME", "/x");
  EXPECT_EQ(state_directory("", environment), "/x/farm");
}

}  // namespace
}  // namespace farm::farmctl
