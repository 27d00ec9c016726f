#include "coordinator/scheduler/scheduler.h"

#include <gtest/gtest.h>

#include "coordinator/scheduler/matcher.h"
#include "tests/unit/coordinator/core/farm_fixture.h"

namespace farm::coordinator {
namespace {

class SchedulerTest : public ::testing::Test, protected FarmFixture {
 protected:
  std::vector<std::string> reasons(const JobId& id) {
    return why(job(id), state.queue, state.fleet, state.leases, state.policy.limits, clock.now());
  }
};

TEST_F(SchedulerTest, ServesTheSubmitterWithTheFewestJobsFirst) {
  const Submitted ana = submission(3, "ana");
  const Submitted ben = submission(2, "ben");
  tell(ana);
  tell(ben);
  say(new_agent("a1"), hello("b", 2));
  EXPECT_EQ(state.queue.leased_of("ana"), 1U);
  EXPECT_EQ(state.queue.leased_of("ben"), 1U);
  EXPECT_EQ(job(ana.ids[0]).state, JobState::Offered);
  EXPECT_EQ(job(ben.ids[0]).state, JobState::Offered);
}

TEST_F(SchedulerTest, SpreadsOverTheAgentsWithTheMostFreeSlots) {
  const AgentIdentity small = new_agent("small");
  const AgentIdentity large = new_agent("large");
  say(small, hello("b", 1));
  say(large, hello("b", 3));
  tell(submission(2));
  EXPECT_EQ(state.fleet.find(large.id)->jobs.size(), 2U);
  EXPECT_EQ(state.fleet.find(small.id)->jobs.size(), 0U);
}

TEST_F(SchedulerTest, AJobThatFitsNobodyHoldsUpNobody) {
  say(new_agent("a1"), hello("b", 1));
  tell(submission(1, "ana", "vsphere-iso"));
  const Submitted second = submission(1, "ana");
  tell(second);
  EXPECT_EQ(job(second.ids[0]).state, JobState::Offered);
}

TEST_F(SchedulerTest, SaysWhyInWords) {
  const AgentIdentity busy = new_agent("pve1", {"site=dc1"});
  say(busy, hello("b", 1));
  tell(submission(1));
  say(new_agent("kvm-a", {"site=home"}), hello("b", 1));
  Submitted wanted = submission(1);
  wanted.needs[0].labels = {"site=dc1"};
  tell(wanted);
  pass(std::chrono::seconds(42));
  std::vector<std::string> lines = reasons(wanted.ids[0]);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "queued 42s: needs a slot of an agent with builder qemu");
  std::sort(lines.begin() + 1, lines.end());
  EXPECT_EQ(lines[1], "kvm-a: no: label site=home, wanted site=dc1");
  EXPECT_EQ(lines[2], "pve1: matches, busy: 1 of 1 slots taken");
}

TEST_F(SchedulerTest, NamesTheComponentThatIsMissing) {
  say(new_agent("a1"), hello("b", 1));
  const Submitted no_builder = submission(1, "ana", "vsphere-iso");
  tell(no_builder);
  Submitted no_provisioner = submission(1);
  no_provisioner.needs[0].provisioners = {"ansible"};
  tell(no_provisioner);
  EXPECT_EQ(reasons(no_builder.ids[0]),
            (std::vector<std::string>{"queued 0s: no agent offers what it needs",
                                      "a1: no: builder vsphere-iso is not offered here"}));
  EXPECT_EQ(reasons(no_provisioner.ids[0])[1], "a1: no: provisioner ansible is not offered here");
}

TEST_F(SchedulerTest, PlacesManyJobsQuickly) {
  for (int i = 0; i < 50; ++i) tell(submission(100, "user" + std::to_string(i % 7)));
  for (int i = 0; i < 20; ++i) {
    say(new_agent("a" + std::to_string(i)), hello("b", 10));
  }
  EXPECT_EQ(state.queue.leased().size(), 200U);
}

}  // namespace
}  // namespace farm::coordinator
