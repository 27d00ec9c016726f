#include "coordinator/core/step.h"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/farm_fixture.h"

namespace farm::coordinator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class StepTest : public ::testing::Test, protected FarmFixture {
 protected:
  /// One agent with one slot and one job that it has accepted.
  void run_one_job() {
    agent_ = new_agent("a1");
    say(agent_, hello("boot1"));
    const Submitted event = submission(1);
    tell(event);
    build_ = event.build;
    id_ = event.ids[0];
    say(agent_, wire::Accept{ref(id_)});
    ASSERT_EQ(job(id_).state, JobState::Preparing);
  }
  wire::JobResult result(wire::Outcome outcome, Error error = {}) const {
    wire::JobResult out;
    out.ref = ref(id_);
    out.outcome = outcome;
    out.error = std::move(error);
    return out;
  }

  AgentIdentity agent_;
  BuildId build_;
  JobId id_;
};

TEST_F(StepTest, OffersASubmittedJobToAFittingAgent) {
  agent_ = new_agent("a1");
  say(agent_, hello("boot1"));
  Submitted event = submission(1);
  event.bundle = "b0";
  const auto offers = sent<wire::Offer>(tell(event));
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].ref.job, event.ids[0]);
  EXPECT_EQ(offers[0].ref.epoch, (Epoch{1, 1}));
  EXPECT_EQ(offers[0].spec, "spec0");
  EXPECT_EQ(offers[0].bundle, "b0");
  EXPECT_EQ(offers[0].silence_limit, minutes(30));
  EXPECT_EQ(job(event.ids[0]).state, JobState::Offered);
}

TEST_F(StepTest, RunsAJobThroughItsPhasesToSuccess) {
  run_one_job();
  say(agent_, wire::PhaseChange{ref(id_), wire::Phase::Running, "create_disk"});
  EXPECT_EQ(job(id_).state, JobState::Running);
  EXPECT_EQ(job(id_).step, "create_disk");
  say(agent_, wire::PhaseChange{ref(id_), wire::Phase::Uploading, ""});
  const Effects effects = say(agent_, result(wire::Outcome::Succeeded));
  EXPECT_EQ(sent<wire::ResultAck>(effects).size(), 1U);
  ASSERT_EQ(effects.moves.size(), 2U);
  EXPECT_EQ(effects.moves[0].to, JobState::Committed);
  EXPECT_EQ(effects.moves[1].to, JobState::Succeeded);
  EXPECT_NE(state.queue.build(build_)->ended.nanos, 0);
  EXPECT_EQ(job(id_).attempts[0].end, AttemptEnd::Succeeded);
}

TEST_F(StepTest, SubmitIsIdempotentByRequest) {
  Submitted event = submission(2);
  tell(event);
  Submitted again = submission(2);
  again.submit.request = event.submit.request;
  const auto acks = sent<wire::SubmitAck>(tell(again));
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].build, event.build);
  EXPECT_EQ(state.queue.jobs().size(), 2U);
  again.submitter = "eve";
  const Effects stolen = tell(again);
  ASSERT_TRUE(stolen.refusal);
  EXPECT_EQ(stolen.refusal->code, ErrorCode::Conflict);
}

TEST_F(StepTest, DoesNotRetryAFailedBuild) {
  run_one_job();
  say(agent_, result(wire::Outcome::Failed, invalid_input("no such ISO")));
  EXPECT_EQ(job(id_).state, JobState::Failed);
  EXPECT_EQ(job(id_).error->message, "no such ISO");
  EXPECT_EQ(job(id_).attempts.size(), 1U);
}

TEST_F(StepTest, RetriesACrashedRunnerOnce) {
  run_one_job();
  const Error crash{ErrorCode::Internal, "runner ended by signal 11", true};
  say(agent_, result(wire::Outcome::Failed, crash));
  EXPECT_EQ(job(id_).state, JobState::RetryWait);
  pass(seconds(10));
  ASSERT_EQ(job(id_).state, JobState::Offered);
  EXPECT_EQ(job(id_).epoch, (Epoch{1, 2}));
  say(agent_, wire::Accept{ref(id_)});
  say(agent_, result(wire::Outcome::Failed, crash));
  EXPECT_EQ(job(id_).state, JobState::Failed);
  EXPECT_EQ(job(id_).error->message, "runner ended by signal 11 (attempt 2, not tried again)");
}

TEST_F(StepTest, RefusesMessagesOfAnOlderEpoch) {
  run_one_job();
  const wire::JobResult old = result(wire::Outcome::Succeeded);
  clock.advance(seconds(1));
  say(agent_, hello("boot2"));  // restarted without the job
  EXPECT_EQ(job(id_).state, JobState::RetryWait);
  pass(seconds(10));
  ASSERT_EQ(job(id_).state, JobState::Offered);
  const Effects effects = say(agent_, old);
  EXPECT_EQ(job(id_).state, JobState::Offered);
  EXPECT_EQ(sent<wire::Revoke>(effects).size(), 1U);
  EXPECT_EQ(state.counters.stale_messages, 1U);
}

TEST_F(StepTest, RefusesMessagesOfAnAgentThatDoesNotHoldTheJob) {
  run_one_job();
  const AgentIdentity other = new_agent("a2");
  say(other, hello("boot9"));
  say(other, result(wire::Outcome::Succeeded));
  say(other, wire::PhaseChange{ref(id_), wire::Phase::Running, "x"});
  say(other, wire::ResourceEvent{ref(id_), wire::ResourceEvent::Kind::Intent, 1, "vm", "n", ""});
  EXPECT_EQ(job(id_).state, JobState::Preparing);
  EXPECT_EQ(job(id_).step, "");
  EXPECT_TRUE(state.resources.open().empty());
  EXPECT_EQ(state.counters.foreign_messages, 3U);
}

TEST_F(StepTest, SilenceMakesAJobSuspectAndASyncBringsItBack) {
  run_one_job();
  say(agent_, wire::PhaseChange{ref(id_), wire::Phase::Running, "x"});
  pass(seconds(59));
  EXPECT_EQ(job(id_).state, JobState::Running);
  pass(seconds(1));
  EXPECT_EQ(job(id_).state, JobState::Suspect);
  say(agent_, wire::Sync{{{ref(id_), wire::Phase::Running, 0}}, 0, 0});
  EXPECT_EQ(job(id_).state, JobState::Running);
}

TEST_F(StepTest, RequeuesAfterDisconnectMaxAndRevokesTheOldHolder) {
  run_one_job();
  const wire::JobRef old = ref(id_);
  pass(seconds(60));
  pass(minutes(30));
  EXPECT_EQ(job(id_).state, JobState::RetryWait);
  const AgentIdentity other = new_agent("a2");
  say(other, hello("b"));
  pass(seconds(10));
  ASSERT_EQ(job(id_).state, JobState::Offered);
  const auto welcome =
      sent<wire::Welcome>(say(agent_, hello("boot1", 1, {{old, wire::Phase::Running, 7}})));
  ASSERT_EQ(welcome.size(), 1U);
  ASSERT_EQ(welcome[0].verdicts.size(), 1U);
  EXPECT_EQ(welcome[0].verdicts[0].verdict, wire::Verdict::Revoke);
}

TEST_F(StepTest, WelcomeKeepsRunningJobsAndFinishesRecordedOnes) {
  run_one_job();
  const auto keep =
      sent<wire::Welcome>(say(agent_, hello("boot1", 1, {{ref(id_), wire::Phase::Running, 7}})));
  ASSERT_EQ(keep[0].verdicts.size(), 1U);
  EXPECT_EQ(keep[0].verdicts[0].verdict, wire::Verdict::Keep);
  say(agent_, result(wire::Outcome::Succeeded));
  const auto done =
      sent<wire::SyncAck>(say(agent_, wire::Sync{{{ref(id_), wire::Phase::Finished, 7}}, 0, 0}));
  EXPECT_EQ(done[0].verdicts[0].verdict, wire::Verdict::Finish);
}

TEST_F(StepTest, AcknowledgesARepeatedResultAgain) {
  run_one_job();
  say(agent_, result(wire::Outcome::Succeeded));
  const Effects again = say(agent_, result(wire::Outcome::Failed, internal("late")));
  EXPECT_EQ(sent<wire::ResultAck>(again).size(), 1U);
  EXPECT_TRUE(again.moves.empty());
  EXPECT_EQ(job(id_).state, JobState::Succeeded);
}

TEST_F(StepTest, SendsALostOfferAgain) {
  agent_ = new_agent("a1");
  say(agent_, hello("boot1"));
  const Submitted event = submission(1);
  tell(event);
  pass(seconds(10));
  const auto offers = sent<wire::Offer>(say(agent_, wire::Sync{}));
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].ref, ref(event.ids[0]));
  EXPECT_EQ(job(event.ids[0]).attempts.size(), 1U);
}

TEST_F(StepTest, AJobThatStaysMissingIsLost) {
  run_one_job();
  say(agent_, wire::Sync{});
  EXPECT_EQ(job(id_).state, JobState::Preparing);
  clock.advance(seconds(20));
  say(agent_, wire::Sync{});
  EXPECT_EQ(job(id_).state, JobState::RetryWait);
  EXPECT_EQ(job(id_).attempts[0].error.message, "agent a1 no longer has the job");
}

TEST_F(StepTest, CancelWaitsForTheAgentAndThenForTheGrace) {
  run_one_job();
  const auto cancels = sent<wire::Cancel>(tell(CancelBuild{build_, "by ana"}));
  ASSERT_EQ(cancels.size(), 1U);
  EXPECT_EQ(cancels[0].grace, minutes(10));
  EXPECT_EQ(job(id_).state, JobState::Cancelling);
  pass(seconds(50));
  say(agent_, wire::Sync{{{ref(id_), wire::Phase::Running, 0}}, 0, 0});
  const Effects effects = pass(minutes(10));
  EXPECT_EQ(sent<wire::Revoke>(effects).size(), 1U);
  EXPECT_EQ(job(id_).state, JobState::Cancelled);
  EXPECT_EQ(job(id_).error->message, "by ana");
}

TEST_F(StepTest, AResultEndsACancelledJob) {
  run_one_job();
  tell(CancelJob{id_, "by ana"});
  say(agent_, result(wire::Outcome::Succeeded));
  EXPECT_EQ(job(id_).state, JobState::Cancelled);
  EXPECT_TRUE(job(id_).artifacts.empty());
}

TEST_F(StepTest, LimitsEndJobs) {
  state.policy.total_limit = minutes(5);
  state.policy.queue_limit = minutes(3);
  run_one_job();
  const Submitted waiting = submission(1);
  tell(waiting);
  for (int i = 0; i < 6; ++i) {
    pass(seconds(50));
    say(agent_, wire::Sync{{{ref(id_), wire::Phase::Running, 0}}, 0, 0});
  }
  EXPECT_EQ(job(waiting.ids[0]).state, JobState::TimedOut);
  EXPECT_EQ(job(waiting.ids[0]).error->message, "queued for longer than the limit");
  EXPECT_EQ(job(id_).state, JobState::Cancelling);
  say(agent_, result(wire::Outcome::Cancelled, cancelled("stopped")));
  EXPECT_EQ(job(id_).state, JobState::TimedOut);
  EXPECT_EQ(job(id_).error->message, "the job took longer than its total limit");
}

TEST_F(StepTest, ARefusedJobGoesElsewhereOrWaits) {
  agent_ = new_agent("a1");
  say(agent_, hello("boot1"));
  const Submitted event = submission(1);
  tell(event);
  id_ = event.ids[0];
  say(agent_, wire::Refuse{ref(id_), "disk is full"});
  EXPECT_EQ(job(id_).state, JobState::Ready);
  EXPECT_EQ(job(id_).retries, 0U);
  pass(seconds(30));
  EXPECT_EQ(job(id_).state, JobState::Offered);
  EXPECT_EQ(job(id_).epoch, (Epoch{1, 2}));
}

TEST_F(StepTest, SuccessWithoutItsFilesIsNoSuccess) {
  run_one_job();
  tell(AgentSaid{agent_, result(wire::Outcome::Succeeded), "disk.qcow2"});
  EXPECT_EQ(job(id_).state, JobState::RetryWait);
  EXPECT_EQ(job(id_).attempts[0].error.message,
            "artifact file disk.qcow2 was not stored whole");
}

TEST_F(StepTest, ParallelLimitOfABuildIsKept) {
  agent_ = new_agent("a1");
  say(agent_, hello("boot1", 8));
  Submitted event = submission(5);
  event.submit.parallel = 2;
  EXPECT_EQ(sent<wire::Offer>(tell(event)).size(), 2U);
  id_ = event.ids[0];
  const Effects effects = say(agent_, result(wire::Outcome::Succeeded));
  EXPECT_EQ(sent<wire::Offer>(effects).size(), 1U);
  EXPECT_EQ(state.queue.leased_of(event.build), 2U);
}

TEST_F(StepTest, DrainingAgentsGetNothingNew) {
  agent_ = new_agent("a1");
  say(agent_, hello("boot1"));
  tell(SetDrain{agent_.id, true});
  const Submitted event = submission(1);
  EXPECT_TRUE(sent<wire::Offer>(tell(event)).empty());
  EXPECT_EQ(sent<wire::Offer>(tell(SetDrain{agent_.id, false})).size(), 1U);
}

TEST_F(StepTest, ResourcesMoveForwardOnly) {
  run_one_job();
  using Kind = wire::ResourceEvent::Kind;
  const auto event = [&](Kind kind) {
    return wire::ResourceEvent{ref(id_), kind, 7, "vm", "farm-vm", "101"};
  };
  say(agent_, event(Kind::Intent));
  ASSERT_EQ(state.resources.open().size(), 1U);
  say(agent_, event(Kind::Bound));
  const Effects late = say(agent_, event(Kind::Intent));
  EXPECT_TRUE(late.resources.empty());
  EXPECT_EQ(state.resources.open().begin()->second.event.kind, Kind::Bound);
  say(agent_, event(Kind::Gone));
  EXPECT_TRUE(state.resources.open().empty());
  say(agent_, event(Kind::Intent));
  EXPECT_TRUE(state.resources.open().empty());
}

TEST_F(StepTest, AnAgentUnknownToThisProcessIsAskedForAHello) {
  const AgentIdentity stranger = new_agent("a1");
  EXPECT_EQ(sent<wire::Restarting>(say(stranger, wire::Sync{})).size(), 1U);
}

TEST_F(StepTest, OperatorTakesASuspectJobAtOnce) {
  run_one_job();
  EXPECT_TRUE(tell(RequeueJob{id_}).refusal);
  pass(seconds(60));
  tell(RequeueJob{id_});
  EXPECT_EQ(job(id_).state, JobState::RetryWait);
}

}  // namespace
}  // namespace farm::coordinator
