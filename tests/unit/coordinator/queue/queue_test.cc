#include "coordinator/queue/queue.h"

#include <gtest/gtest.h>

namespace farm::coordinator {
namespace {

class QueueTest : public ::testing::Test {
 protected:
  JobId add_job(const BuildId& build, uint32_t index) {
    Job job;
    job.id = JobId::random(random_);
    job.build = build;
    job.index = index;
    const JobId id = job.id;
    queue_.add(std::move(job));
    return id;
  }
  BuildId add_build(const std::string& submitter) {
    Build build;
    build.id = BuildId::random(random_);
    build.request = RequestId::random(random_);
    build.submitter = submitter;
    build.sequence = queue_.next_sequence();
    const BuildId id = build.id;
    queue_.add(std::move(build));
    return id;
  }
  SeededRandom random_{1};
  Queue queue_;
};

TEST_F(QueueTest, ReadyJobsComeInOrderOfSubmissionThenTemplate) {
  const BuildId first = add_build("ana");
  const BuildId second = add_build("ben");
  const JobId d = add_job(second, 0);
  const JobId b = add_job(first, 1);
  const JobId a = add_job(first, 0);
  std::vector<JobId> order;
  for (const auto& [sequence, index, id] : queue_.ready()) order.push_back(id);
  EXPECT_EQ(order, (std::vector<JobId>{a, b, d}));
}

TEST_F(QueueTest, CountsFollowTheState) {
  const BuildId build = add_build("ana");
  const JobId id = add_job(build, 0);
  EXPECT_EQ(queue_.unfinished_of(build), 1U);
  EXPECT_EQ(queue_.leased_of(build), 0U);
  queue_.set_state(*queue_.job(id), JobState::Offered);
  EXPECT_EQ(queue_.leased_of(build), 1U);
  EXPECT_EQ(queue_.leased_of("ana"), 1U);
  EXPECT_TRUE(queue_.ready().empty());
  queue_.set_state(*queue_.job(id), JobState::RetryWait);
  EXPECT_EQ(queue_.leased_of("ana"), 0U);
  EXPECT_EQ(queue_.waiting().count(id), 1U);
  queue_.set_state(*queue_.job(id), JobState::Cancelled);
  EXPECT_EQ(queue_.unfinished_of(build), 0U);
  EXPECT_TRUE(queue_.waiting().empty());
}

}  // namespace
}  // namespace farm::coordinator
