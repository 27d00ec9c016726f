#include "coordinator/store/record.h"

#include <gtest/gtest.h>

namespace farm::coordinator {
namespace {

Job sample_job(Random& random) {
  Job job;
  job.id = JobId::random(random);
  job.build = BuildId::random(random);
  job.index = 3;
  job.name = "qemu.base";
  job.needs = {"qemu", {"file", "shell"}, {"manifest"}, {"site=dc1"}};
  job.state = JobState::Suspect;
  job.held = JobState::Running;
  job.epoch = {2, 9};
  Attempt lost;
  lost.number = 1;
  lost.epoch = {2, 8};
  lost.agent = AgentId::random(random);
  lost.agent_name = "a1";
  lost.end = AttemptEnd::AgentLost;
  lost.error = unavailable("gone");
  Attempt open = lost;
  open.number = 2;
  open.epoch = {2, 9};
  open.end = AttemptEnd::Open;
  job.attempts = {lost, open};
  job.error = invalid_input("x");
  job.artifacts = {{"transcend.qemu", "VM", "VM files", {{"out/disk", 7, "ab", true}}}};
  job.manifest = "{}";
  job.elapsed = std::chrono::seconds(5);
  job.submitted = {17};
  return job;
}

TEST(Record, JobSurvivesEncoding) {
  SeededRandom random(1);
  const Job job = sample_job(random);
  const std::string bytes = encode_job_record(job);
  const Result<Job> back = decode_job_record(job.id, bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode_job_record(*back), bytes);
  EXPECT_EQ(back->needs, job.needs);
  EXPECT_EQ(back->state, JobState::Suspect);
  EXPECT_EQ(back->held, JobState::Running);
  EXPECT_EQ(back->attempts[0].error.message, "gone");
  EXPECT_EQ(back->artifacts[0].files[0].path, "out/disk");
}

TEST(Record, DamagedBytesAreCorruptNeverACrash) {
  SeededRandom random(2);
  const Job job = sample_job(random);
  const std::string bytes = encode_job_record(job);
  for (size_t length = 0; length < bytes.size(); length += 3) {
    const Result<Job> torn = decode_job_record(job.id, bytes.substr(0, length));
    if (!torn) {
      EXPECT_EQ(torn.error().code, ErrorCode::Corrupt);
    }
  }
  for (int i = 0; i < 3000; ++i) {
    std::string flipped = bytes;
    flipped[random.below(flipped.size())] ^= static_cast<char>(1U << random.below(8));
    const Result<Job> read = decode_job_record(job.id, flipped);
    if (!read) {
      EXPECT_EQ(read.error().code, ErrorCode::Corrupt);
    }
  }
}

TEST(Record, ALeasedJobWithoutAnOpenAttemptIsCorrupt) {
  SeededRandom random(3);
  Job job = sample_job(random);
  job.attempts.pop_back();
  const Result<Job> read = decode_job_record(job.id, encode_job_record(job));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "a job's state does not fit its attempts");
}

TEST(Record, FileMustAgreeWithItself) {
  const StoredFile good{10, 4, std::string(96, 'd'), {}};
  const Result<StoredFile> back = decode_file_record(encode_file_record(good));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->chunk_count(), 3U);
  EXPECT_FALSE(decode_file_record(encode_file_record({10, 4, std::string(64, 'd'), {}})));
  EXPECT_FALSE(decode_file_record(encode_file_record({10, 0, {}, "short"})));
}

}  // namespace
}  // namespace farm::coordinator
