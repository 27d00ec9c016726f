#include "coordinator/scheduler/limits.h"

#include <gtest/gtest.h>

#include "coordinator/scheduler/scheduler.h"
#include "tests/unit/coordinator/core/farm_fixture.h"

namespace farm::coordinator {
namespace {

using namespace std::chrono_literals;

wire::NodeLoad node(const std::string& name, uint64_t used, std::vector<std::string> datastores = {},
                    const std::string& group = {}) {
  return {name, group, true, false, 100, used, 100, std::move(datastores)};
}

class LimitsTest : public ::testing::Test, protected FarmFixture {
 protected:
  // Two agents with plenty of slots, and what both see at their provider.
  void SetUp() override {
    for (const char* name : {"a1", "a2"}) {
      agents_.push_back(new_agent(name));
      say(agents_.back(), hello("b", 10));
    }
  }
  void see(std::vector<wire::NodeLoad> nodes) {
    wire::ProviderView view;
    view.provider = "proxmox";
    view.place = "pve:8006";
    view.credential = "root@pam!farm";
    view.nodes = std::move(nodes);
    for (const AgentIdentity& agent : agents_) say(agent, wire::Survey{{}, {view}, {}});
  }
  Submitted wanting(size_t jobs, const JobPlace& place) {
    Submitted event = submission(jobs);
    for (JobNeeds& needs : event.needs) needs.place = place;
    return event;
  }
  size_t leased() const { return state.queue.leased().size(); }
  std::string why_not(const JobId& id) {
    return why(job(id), state.queue, state.fleet, state.leases, state.policy.limits,
               clock.now())[0];
  }
  void end(const JobId& id) {
    const AgentId& agent = job(id).current()->agent;
    const AgentIdentity& identity = agents_[0].id == agent ? agents_[0] : agents_[1];
    wire::JobResult result;
    result.ref = ref(id);
    result.outcome = wire::Outcome::Succeeded;
    say(identity, result);
  }

  std::vector<AgentIdentity> agents_;
};

const JobPlace kOnPve1{"proxmox", "pve:8006", "pve1", false, "", {"local-lvm"}, "root@pam!farm"};

TEST_F(LimitsTest, OfTakesTheNearestName) {
  const Limits limits{{{"node pve1@b", 3}, {"node pve1", 2}, {"node *", 1}}};
  const struct {
    const char* name;
    const char* token;
    std::optional<uint32_t> limit;
  } cases[] = {{"whole", "node pve1@b", 3},
               {"name", "node pve1@a", 2},
               {"every", "node pve2@a", 1},
               {"other kind", "datastore pve1@a", std::nullopt}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(limits.of(c.token), c.limit);
  }
  // A user name holds the separator itself.
  EXPECT_EQ((Limits{{{"credential root@pam", 5}}}).of("credential root@pam@pve:8006"), 5U);
}

TEST_F(LimitsTest, ANodeIsNotOverloadedThroughSeveralAgents) {
  state.policy.limits.jobs = {{"node pve1", 2}};
  const Submitted many = wanting(5, kOnPve1);
  tell(many);
  EXPECT_EQ(leased(), 2U);
  EXPECT_EQ(why_not(many.ids[4]),
            "queued 0s: node pve1 of pve:8006 has 2 of at most 2 jobs");
  for (const JobId& id : many.ids) {
    if (job(id).state == JobState::Offered) {
      end(id);
      break;
    }
  }
  EXPECT_EQ(leased(), 2U) << "the next one takes the place";
  EXPECT_EQ(state.queue.tokens().at("node pve1@pve:8006"), 2U);
}

TEST_F(LimitsTest, DatastoresAndCredentialsAreLimitedToo) {
  state.policy.limits.jobs = {{"datastore local-lvm", 3}};
  tell(wanting(5, kOnPve1));
  EXPECT_EQ(leased(), 3U);
  state.policy.limits.jobs = {{"credential root@pam!farm", 4}};
  tell(wanting(5, kOnPve1));
  EXPECT_EQ(leased(), 4U);
}

TEST_F(LimitsTest, OneThatIsFullHoldsUpNobodyElse) {
  state.policy.limits.jobs = {{"node pve1", 1}};
  tell(wanting(3, kOnPve1));
  const Submitted plain = submission(2);
  tell(plain);
  EXPECT_EQ(leased(), 3U);
}

TEST_F(LimitsTest, TheAgentsOwnProviderStandsInForWhatTheTemplateLeavesOut) {
  see({node("pve1", 10), node("pve2", 20)});
  state.policy.limits.jobs = {{"credential root@pam!farm", 1}};
  const Submitted two = wanting(2, {"proxmox", "", "pve2", false, "", {}, ""});
  tell(two);
  EXPECT_EQ(leased(), 1U);
  EXPECT_EQ(state.queue.tokens().count("node pve2@pve:8006"), 1U);
}

TEST_F(LimitsTest, AnOpenNodeIsTheOneWithMostRoom) {
  see({node("pve1", 60, {"ssd"}), node("pve2", 10, {"ssd"}), node("pve3", 0, {"hdd"})});
  const Submitted first = wanting(1, {"proxmox", "", "", true, "", {"ssd"}, ""});
  const Effects effects = tell(first);
  EXPECT_EQ(job(first.ids[0]).node, "pve2") << "pve3 is freer, but lacks the datastore";
  ASSERT_EQ(sent<wire::Offer>(effects).size(), 1U);
  EXPECT_EQ(sent<wire::Offer>(effects)[0].node, "pve2");
}

TEST_F(LimitsTest, JobsThatComeAtOnceAreSpread) {
  see({node("pve1", 30), node("pve2", 20), node("pve3", 25)});
  const Submitted three = wanting(3, {"proxmox", "", "", true, "", {}, ""});
  tell(three);
  std::set<std::string> nodes;
  for (const JobId& id : three.ids) nodes.insert(job(id).node);
  EXPECT_EQ(nodes.size(), 3U) << "the load of the first is not to be seen yet";
}

TEST_F(LimitsTest, AnOpenNodeAvoidsWhatIsFull) {
  see({node("pve1", 90), node("pve2", 10)});
  state.policy.limits.jobs = {{"node pve2", 1}, {"node pve1", 1}};
  const Submitted three = wanting(3, {"proxmox", "", "", true, "", {}, ""});
  tell(three);
  EXPECT_EQ(leased(), 2U);
  EXPECT_EQ(state.queue.tokens().at("node pve1@pve:8006"), 1U);
}

TEST_F(LimitsTest, OnlyTheGroupAndNeverWhatTheProviderPlaces) {
  wire::NodeLoad drs = node("esx1", 0, {}, "c1");
  drs.placed_by_provider = true;
  see({drs, node("esx2", 0, {}, "c2"), node("esx3", 50, {}, "c1")});
  const Submitted one = wanting(1, {"proxmox", "", "", true, "c1", {}, ""});
  tell(one);
  EXPECT_EQ(job(one.ids[0]).node, "esx3");
}

TEST_F(LimitsTest, WithoutAViewTheBuilderChooses) {
  const Submitted one = wanting(1, {"proxmox", "elsewhere:8006", "", true, "", {}, "x@pam"});
  see({node("pve1", 0)});
  tell(one);
  EXPECT_EQ(job(one.ids[0]).node, "");
  EXPECT_EQ(job(one.ids[0]).tokens, std::vector<std::string>{"credential x@pam@elsewhere:8006"});
}

}  // namespace
}  // namespace farm::coordinator
