#include <gtest/gtest.h>

#include "common/io/files.h"
#include "coordinator/core/step.h"
#include "coordinator/store/journal_merge.h"
#include "coordinator/store/journal_store.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/ledger_records.h"
#include "coordinator/store/memory_store.h"

namespace farm::coordinator {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() : directory_(*io::TempDirectory::create("/tmp", "farm-journal-")) {
    path_ = directory_.path() + "/run.journal";
  }
  /// A run of one build with one job that an agent has accepted.
  void write_run(JournalStore& store) {
    State state;
    SeededRandom random(9);
    const AgentIdentity agent{AgentId::random(random), "local", {}};
    wire::Hello hello;
    hello.boot_id = "b";
    hello.builders = {"null"};
    apply(store, state, AgentSaid{agent, hello, std::nullopt});
    Submitted submitted;
    submitted.submit.request = RequestId::random(random);
    submitted.build = build_ = BuildId::random(random);
    submitted.ids = {job_ = JobId::random(random)};
    submitted.needs = {{"null", {}, {}, {}}};
    submitted.submit.jobs = {{"null.x", "spec", {}}};
    apply(store, state, submitted);
    const wire::JobRef ref{job_, state.queue.job(job_)->epoch};
    apply(store, state, AgentSaid{agent, wire::Accept{ref}, std::nullopt});
    apply(store, state,
          AgentSaid{agent,
                    wire::ResourceEvent{ref, wire::ResourceEvent::Kind::Intent, 1, "vm", "v", ""},
                    std::nullopt});
    Batch log;
    log.logs.push_back({ref, 0, "line"});
    ASSERT_TRUE(store.apply(log));
    ref_ = ref;
  }
  void apply(JournalStore& store, State& state, const Event& event) {
    const Now now{clock_.now(), clock_.wall()};
    Effects effects = step(state, event, now);
    effects.merge(settle(state, now));
    Batch batch;
    add_records(state, effects, batch);
    ASSERT_TRUE(store.apply(batch));
  }

  ManualClock clock_;
  io::TempDirectory directory_;
  std::string path_;
  BuildId build_;
  JobId job_;
  wire::JobRef ref_;
};

TEST_F(JournalTest, AKilledRunIsMergedAsFailedWithItsLogAndResources) {
  {
    auto store = JournalStore::open(path_);
    ASSERT_TRUE(store);
    write_run(**store);
    EXPECT_TRUE(*journal_is_live(path_));
    MemoryStore target;
    EXPECT_EQ(merge_journal(path_, target, clock_.wall()).error().code, ErrorCode::Conflict);
  }
  MemoryStore target;
  ASSERT_TRUE(merge_journal(path_, target, clock_.wall()));
  State state;
  ASSERT_TRUE(load_state(target, state));
  const Job* job = state.queue.job(job_);
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->state, JobState::Failed);
  EXPECT_EQ(job->error->message, "the run was ended before the job");
  EXPECT_EQ(*target.read_log(ref_, 0, 10), "line");
  EXPECT_EQ(state.resources.open().size(), 1U);
  const auto before = target.records();
  ASSERT_TRUE(merge_journal(path_, target, clock_.wall()));
  EXPECT_EQ(target.records(), before);
}

TEST_F(JournalTest, MergeOfADirectoryRemovesWhatItMerged) {
  {
    auto store = JournalStore::open(path_);
    ASSERT_TRUE(store);
    write_run(**store);
    ASSERT_TRUE((*store)->close());
  }
  ASSERT_TRUE(io::write_file(directory_.path() + "/bad.journal", "this is no journal at all"));
  MemoryStore target;
  std::vector<std::string> problems;
  EXPECT_EQ(*merge_journals(directory_.path(), target, clock_.wall(), problems), 1U);
  EXPECT_FALSE(io::exists(path_));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(io::exists(directory_.path() + "/bad.journal"));
}

TEST_F(JournalTest, ATornTailIsIgnoredAtEveryLength) {
  {
    auto store = JournalStore::open(path_);
    ASSERT_TRUE(store);
    write_run(**store);
  }
  const std::string whole = *io::read_file(path_);
  size_t last = 0;
  for (size_t length = 0; length <= whole.size(); length += 7) {
    ASSERT_TRUE(io::write_file(path_, whole.substr(0, length)));
    size_t batches = 0;
    ASSERT_TRUE(replay_journal(path_, [&](const Batch&) -> Result<void> {
      ++batches;
      return {};
    })) << length;
    EXPECT_GE(batches, last);
    last = batches;
  }
  std::string damaged = whole;
  damaged[damaged.size() / 2] ^= 1;
  ASSERT_TRUE(io::write_file(path_, damaged));
  size_t batches = 0;
  ASSERT_TRUE(replay_journal(path_, [&](const Batch&) -> Result<void> {
    ++batches;
    return {};
  }));
  EXPECT_LT(batches, last + 1);
}

TEST_F(JournalTest, AnExistingJournalIsNotContinued) {
  ASSERT_TRUE(io::write_file(path_, ""));
  EXPECT_EQ(JournalStore::open(path_).error().code, ErrorCode::Conflict);
}

}  // namespace
}  // namespace farm::coordinator
