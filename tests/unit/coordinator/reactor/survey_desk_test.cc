#include "coordinator/reactor/survey_desk.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/coordinator/core/farm_fixture.h"

namespace farm::coordinator {
namespace {

using nlohmann::json;

class SurveyDeskTest : public ::testing::Test, protected FarmFixture {
 protected:
  SurveyDeskTest() : agent_(new_agent("a1")), id_(RequestId::random(random)) {
    say(agent_, hello("b"));
    const Submitted event = submission(1);
    tell(event);
    job_ = event.ids[0];
  }
  std::string mark() { return job_.str() + "-" + job(job_).epoch.str(); }
  wire::MarkedThing thing(const std::string& mark) {
    return {"proxmox-vm", "pve/100 farm-" + mark, "uuid", mark, std::chrono::hours(1), ""};
  }
  void end() {
    wire::JobResult result;
    result.ref = ref(job_);
    result.outcome = wire::Outcome::Failed;
    say(agent_, result);
  }
  json answer() { return json::parse(*desk_.answer(id_, state, now())); }

  AgentIdentity agent_;
  RequestId id_;
  JobId job_;
  SurveyDesk desk_;
};

TEST_F(SurveyDeskTest, ThingsAreComparedWithTheLedger) {
  const wire::MarkedThing ours = thing(mark());
  EXPECT_EQ(marked_state(state, ours), MarkedState::Running);
  const wire::JobRef held = ref(job_);
  say(agent_, wire::ResourceEvent{held, wire::ResourceEvent::Kind::Intent, 1, "proxmox-vm",
                                  ours.name, ""});
  end();
  EXPECT_EQ(marked_state(state, ours), MarkedState::Recorded);
  say(agent_, wire::ResourceEvent{held, wire::ResourceEvent::Kind::Gone, 1, "proxmox-vm",
                                  ours.name, ""});
  EXPECT_EQ(marked_state(state, ours), MarkedState::Unrecorded);
  for (const char* strange : {"", "x", "a-1", "a-1.", "abcdefghijklmnopqrstuvwxyz-1.1"}) {
    EXPECT_EQ(marked_state(state, thing(strange)), MarkedState::Unknown) << strange;
  }
}

TEST_F(SurveyDeskTest, IsDoneWhenEverybodyHasAnswered) {
  const AgentId other = AgentId::random(random);
  const wire::MarkedThing left = thing(mark());
  const SurveyDesk::Orders orders =
      desk_.open(id_, {agent_.id, other}, {{other, {left}}}, clock.now());
  ASSERT_EQ(orders.size(), 2U);
  end();
  wire::ProviderView view;
  view.provider = "proxmox";
  view.place = "pve:8006";
  view.things = {left};
  desk_.heard(agent_.id, {id_, {view}, {}});
  EXPECT_FALSE(answer()["done"]);
  EXPECT_EQ(answer()["things"][0]["state"], "unrecorded");
  EXPECT_EQ(answer()["things"][0]["age"], 3600.0);
  EXPECT_EQ(answer()["things"][0]["agent"], "a1");
  wire::MarkedThing kept = left;
  kept.error = "busy";
  desk_.heard(other, {id_, {view}, {kept}});
  desk_.heard(other, {id_, {view}, {}});  // a repeated answer
  EXPECT_TRUE(answer()["done"]);
  EXPECT_EQ(answer()["things"].size(), 1U) << "both see the same cluster";
  EXPECT_EQ(answer()["removed"][0]["error"], "busy");
}

TEST_F(SurveyDeskTest, DoesNotWaitForEver) {
  desk_.open(id_, {agent_.id}, {}, clock.now());
  clock.advance(std::chrono::minutes(5));
  EXPECT_TRUE(answer()["done"]);
  EXPECT_EQ(answer()["views"][0]["error"], "the agent did not answer");
  EXPECT_FALSE(desk_.answer(RequestId::random(random), state, now()));
}

}  // namespace
}  // namespace farm::coordinator
