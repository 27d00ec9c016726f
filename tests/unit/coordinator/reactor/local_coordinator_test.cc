#include "coordinator/reactor/local_coordinator.h"

#include <gtest/gtest.h>

#include "common/io/files.h"
#include "common/plan/plan.h"
#include "coordinator/store/journal_store.h"

namespace farm::coordinator {
namespace {

class LocalCoordinatorTest : public ::testing::Test {
 protected:
  LocalCoordinatorTest() : directory_(*io::TempDirectory::create("/tmp", "farm-local-")) {
    LocalOptions options;
    options.journal = directory_.path() + "/run.journal";
    coordinator_ = *LocalCoordinator::open(options, clock_, random_);
  }
  wire::Submit submission(size_t jobs, uint32_t parallel = 0) {
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.options.in_place = true;
    submit.parallel = parallel;
    for (size_t i = 0; i < jobs; ++i) {
      plan::JobSpec spec;
      spec.display_name = "null.j" + std::to_string(i);
      spec.builder.type = "null";
      submit.jobs.push_back({spec.display_name, plan::encode_job(spec), {}});
    }
    return submit;
  }
  void hello(uint32_t slots) {
    wire::Hello hello;
    hello.boot_id = "b";
    hello.builders = {"null"};
    hello.slots = slots;
    ASSERT_TRUE(coordinator_->deliver(hello));
  }
  static std::vector<wire::Offer> offers(const Result<std::vector<wire::Message>>& messages) {
    std::vector<wire::Offer> found;
    for (const wire::Message& message : *messages) {
      if (const auto* offer = std::get_if<wire::Offer>(&message)) found.push_back(*offer);
    }
    return found;
  }
  Result<std::vector<wire::Message>> finish(const wire::Offer& offer, wire::Outcome outcome,
                                            Error error = {}) {
    wire::JobResult result;
    result.ref = offer.ref;
    result.outcome = outcome;
    result.error = std::move(error);
    result.manifest = "{}";
    return coordinator_->deliver(result);
  }

  ManualClock clock_;
  SeededRandom random_{7};
  io::TempDirectory directory_;
  std::unique_ptr<LocalCoordinator> coordinator_;
};

TEST_F(LocalCoordinatorTest, RunsABuildWithinItsParallelLimit) {
  hello(8);
  const BuildId build = *coordinator_->submit(submission(3, 2));
  std::vector<wire::Offer> open = offers(coordinator_->tick());
  size_t done = 0;
  ASSERT_EQ(open.size(), 2U);
  while (!open.empty()) {
    ASSERT_LE(open.size(), 2U);
    const wire::Offer offer = open.front();
    open.erase(open.begin());
    EXPECT_TRUE(offer.options.in_place);
    EXPECT_EQ(offer.total_limit, Duration(0));
    ASSERT_TRUE(coordinator_->deliver(wire::Accept{offer.ref}));
    for (wire::Offer& next : offers(finish(offer, wire::Outcome::Succeeded))) {
      open.push_back(std::move(next));
    }
    ++done;
  }
  EXPECT_EQ(done, 3U);
  const std::optional<BuildView> view = coordinator_->build(build);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->finished);
  EXPECT_TRUE(view->succeeded);
  EXPECT_EQ(view->jobs[2].name, "null.j2");
  EXPECT_EQ(view->jobs[0].manifest, "{}");
}

TEST_F(LocalCoordinatorTest, ACrashedRunnerIsNotTriedAgain) {
  hello(1);
  const BuildId build = *coordinator_->submit(submission(1));
  const std::vector<wire::Offer> open = offers(coordinator_->tick());
  ASSERT_EQ(open.size(), 1U);
  finish(open[0], wire::Outcome::Failed, {ErrorCode::Internal, "runner crashed", true}).value();
  const BuildView view = *coordinator_->build(build);
  EXPECT_TRUE(view.finished);
  EXPECT_FALSE(view.succeeded);
  EXPECT_EQ(view.jobs[0].error->message, "runner crashed");
}

TEST_F(LocalCoordinatorTest, CancelReachesTheAgentAndQueuedJobsEndAtOnce) {
  hello(1);
  const BuildId build = *coordinator_->submit(submission(2));
  const std::vector<wire::Offer> open = offers(coordinator_->tick());
  ASSERT_EQ(open.size(), 1U);
  const auto messages = *coordinator_->cancel(build, "interrupted");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(std::get<wire::Cancel>(messages[0]).ref, open[0].ref);
  finish(open[0], wire::Outcome::Cancelled).value();
  const BuildView view = *coordinator_->build(build);
  EXPECT_TRUE(view.finished);
  EXPECT_EQ(view.jobs[0].state, JobState::Cancelled);
  EXPECT_EQ(view.jobs[1].state, JobState::Cancelled);
}

TEST_F(LocalCoordinatorTest, ResourcesOfAKilledRunAreFoundByTheNext) {
  const std::string journal = directory_.path() + "/run.journal";
  EXPECT_FALSE(io::exists(journal));
  hello(1);
  coordinator_->submit(submission(1)).value();
  const wire::Offer offer = offers(coordinator_->tick()).at(0);
  using Kind = wire::ResourceEvent::Kind;
  ASSERT_TRUE(coordinator_->deliver(wire::ResourceEvent{offer.ref, Kind::Intent, 1, "vm", "a", ""}));
  ASSERT_TRUE(coordinator_->deliver(wire::ResourceEvent{offer.ref, Kind::Intent, 2, "vm", "b", ""}));
  ASSERT_TRUE(coordinator_->deliver(wire::ResourceEvent{offer.ref, Kind::Bound, 2, "vm", "b", "9"}));
  ASSERT_TRUE(coordinator_->deliver(wire::ResourceEvent{offer.ref, Kind::Gone, 1, "vm", "a", ""}));
  EXPECT_EQ(coordinator_->open_resources().size(), 1U);
  coordinator_.reset();
  const auto left = leftover_resources(journal);
  ASSERT_TRUE(left) << left.error().message;
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ((*left)[0].name, "b");
  EXPECT_EQ((*left)[0].id, "9");
}

TEST_F(LocalCoordinatorTest, LogsAreKeptGapless) {
  hello(1);
  coordinator_->submit(submission(1)).value();
  const wire::Offer offer = offers(coordinator_->tick()).at(0);
  const auto ack = *coordinator_->deliver(wire::LogData{offer.ref, 0, "hello"});
  EXPECT_EQ(std::get<wire::LogAck>(ack.at(0)).offset, 5U);
  const auto repeated = *coordinator_->deliver(wire::LogData{offer.ref, 3, "lo!"});
  EXPECT_EQ(std::get<wire::LogAck>(repeated.at(0)).offset, 6U);
  EXPECT_FALSE(coordinator_->deliver(wire::LogData{offer.ref, 9, "gap"}));
}

TEST_F(LocalCoordinatorTest, SaysWhichSpecCannotBeRead) {
  wire::Submit submit = submission(1);
  submit.jobs[0].spec = "rubbish";
  const Result<BuildId> refused = coordinator_->submit(submit);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.substr(0, 12), "job null.j0:");
}

}  // namespace
}  // namespace farm::coordinator
