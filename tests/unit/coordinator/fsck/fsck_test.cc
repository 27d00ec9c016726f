// Every invariant that fsck checks, broken once in a store that was clean before.
#include "coordinator/fsck/fsck.h"

#include <gtest/gtest.h>

#include "common/io/digests.h"
#include "coordinator/access/audit_log.h"
#include "coordinator/artifacts/file_index.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/memory_store.h"
#include "coordinator/store/record.h"

namespace farm::coordinator {
namespace {

class FsckTest : public ::testing::Test {
 protected:
  FsckTest() {
    build_.id = BuildId::random(random_);
    job_.id = JobId::random(random_);
    job_.build = build_.id;
    build_.jobs = {job_.id};
    build_.ended = WallTime{5};
    job_.state = JobState::Succeeded;
    job_.epoch = {1, 2};
    job_.attempts = {attempt(1, {1, 1}, AttemptEnd::RunnerCrashed),
                     attempt(2, {1, 2}, AttemptEnd::Succeeded)};
    bytes_ = std::string(kChunkSize, 'a') + std::string(kChunkSize, '\0') + "tail";
    file_ = io::digest_hex(io::DigestKind::Sha256, bytes_);
    job_.artifacts = {{"b", "i", "t", {{"disk.img", bytes_.size(), file_, true}}}};
    StoredFile stored{bytes_.size(), kChunkSize, {}, {}};
    for (uint64_t at = 0; at < bytes_.size(); at += kChunkSize) {
      const std::string chunk = bytes_.substr(at, kChunkSize);
      const std::string digest = chunk_digest(chunk);
      stored.chunks += digest;
      if (digest == zero_digest(chunk.size())) continue;
      EXPECT_TRUE(chunks_.put(digest, chunk));
    }
    Batch batch;
    batch.puts.push_back(FileIndex::put(file_, stored));
    batch.logs.push_back({{job_.id, {1, 2}}, 0, "hello "});
    AuditLog audit = *AuditLog::resume("");
    for (int i = 0; i < 3; ++i) {
      for (AccessRecord& line : audit.append({})) {
        batch.puts.push_back({keys::part("audit", line.key), std::move(line.value)});
      }
    }
    EXPECT_TRUE(store_.apply(batch));
    Batch more;
    more.logs.push_back({{job_.id, {1, 2}}, 6, "world"});
    EXPECT_TRUE(store_.apply(more));
    save();
  }
  static Attempt attempt(uint32_t number, Epoch epoch, AttemptEnd end) {
    Attempt out;
    out.number = number;
    out.epoch = epoch;
    out.end = end;
    return out;
  }
  void save() {
    Batch batch;
    batch.puts.push_back({keys::build(build_.id), encode_build_record(build_)});
    batch.puts.push_back({keys::job(job_.id), encode_job_record(job_)});
    batch.puts.push_back({keys::spec(job_.id), "spec"});
    ASSERT_TRUE(store_.apply(batch));
  }
  void put(const std::string& key, const std::string& value) {
    Batch batch;
    batch.puts.push_back({key, value});
    ASSERT_TRUE(store_.apply(batch));
  }
  void remove(const std::string& key) {
    Batch batch;
    batch.deletes.push_back(key);
    ASSERT_TRUE(store_.apply(batch));
  }
  FsckReport check(bool deep = true) {
    FsckOptions options;
    options.deep = deep;
    options.incarnation = 1;
    Result<FsckReport> report = check_store(store_, &chunks_, options);
    EXPECT_TRUE(report);
    return *report;
  }
  /// "I3 its chunk ...", one line per finding.
  std::string findings(bool deep = true) {
    std::string text;
    for (const Finding& finding : check(deep).findings) {
      text += finding.invariant + " " + finding.text + "\n";
    }
    return text;
  }

  SeededRandom random_{3};
  MemoryStore store_;
  MemoryChunkStore chunks_;
  Build build_;
  Job job_;
  std::string bytes_, file_;
};

TEST_F(FsckTest, ASoundStoreIsClean) {
  EXPECT_EQ(findings(), "");
  const FsckReport report = check();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.builds, 1U);
  EXPECT_EQ(report.attempts, 2U);
  EXPECT_EQ(report.files, 1U);
  EXPECT_EQ(report.chunks_read, 2U);  // of three, one is zeros
  EXPECT_EQ(report.log_bytes, 11U);
  EXPECT_EQ(report.audit_entries, 3U);
}

TEST_F(FsckTest, FindsWhatIsWrongWithJobs) {
  const Job sound = job_;
  struct Case {
    const char* name;
    void (*damage)(Job&);
    const char* findings;
  };
  const Case cases[] = {
      {"two commits", [](Job& j) { j.attempts[0].end = AttemptEnd::Succeeded; },
       "I1 more than one attempt was committed\n"
       "I1 it succeeded without a committed last attempt\n"},
      {"success without commit", [](Job& j) { j.attempts[1].end = AttemptEnd::BuildFailed; },
       "I1 it succeeded without a committed last attempt\n"},
      {"failed with commit", [](Job& j) { j.state = JobState::Failed; },
       "I1 an attempt was committed, the job did not succeed\n"},
      {"epochs out of order", [](Job& j) { std::swap(j.attempts[0].epoch, j.attempts[1].epoch); },
       "I7 epochs do not grow\n"},
      {"epoch of the future", [](Job& j) { j.attempts[1].epoch.incarnation = 9; j.epoch = {9, 2}; },
       "I7 an epoch is later than the store's incarnation\nI9 they belong to no known attempt\n"},
      {"job older than attempt", [](Job& j) { j.epoch = {1, 1}; },
       "I7 the job's epoch is older than its last attempt\n"},
      {"open attempt of an ended job", [](Job& j) { j.attempts[0].end = AttemptEnd::Open; },
       "I8 it has ended, an attempt has not\n"},
      {"missing file",
       [](Job& j) { j.artifacts[0].files[0].sha256 = std::string(64, '1'); },
       "I4 its file disk.img is not stored\n"},
      {"other size", [](Job& j) { j.artifacts[0].files[0].size = 1; },
       "I4 its file disk.img is stored with another size\n"},
      {"running but the build ended",
       [](Job& j) {
         j.state = JobState::Ready;
         j.attempts.pop_back();
       },
       "I2 it ended before its jobs did\nI9 they belong to no known attempt\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    job_ = sound;
    c.damage(job_);
    save();
    EXPECT_EQ(findings(), c.findings);
  }
}

TEST_F(FsckTest, FindsMissingAndDamagedRecords) {
  remove(keys::job(job_.id));
  EXPECT_EQ(findings().substr(0, 10), "I2 its job");
  save();
  put(keys::job(job_.id), "garbage");
  EXPECT_NE(findings().find("record "), std::string::npos);
  save();
  EXPECT_EQ(findings(), "");
}

TEST_F(FsckTest, FindsMissingAndDamagedBytes) {
  auto& stored = chunks_.chunks();
  const auto whole = stored;
  stored.erase(stored.begin());
  EXPECT_NE(findings(false).find("is missing"), std::string::npos);
  EXPECT_NE(findings(true).find("I3"), std::string::npos);
  stored = whole;
  stored.begin()->second[0] ^= 1;
  EXPECT_EQ(findings(false), "") << "only --deep reads bytes";
  EXPECT_NE(findings(true).find("I3"), std::string::npos);
  stored = whole;
  put(FileIndex::put(file_, {3, 0, {}, "abc"}).key, FileIndex::put(file_, {3, 0, {}, "abc"}).value);
  EXPECT_EQ(findings(), "I3 its bytes do not match its name\n"
                        "I4 its file disk.img is stored with another size\n");
}

TEST_F(FsckTest, FindsGapsInLogs) {
  remove(keys::log_piece({job_.id, {1, 2}}, 0));
  EXPECT_EQ(findings(), "I9 the log of attempt 2 has a gap\n");
}

TEST_F(FsckTest, FindsTamperedAudit) {
  const std::string second = keys::part("audit", AuditLog::entry_key(2));
  const std::string text = **store_.get(second);
  remove(second);
  EXPECT_EQ(findings(), "I10 audit entry 2 is missing (found 3)\n");
  put(second, text);
  remove(keys::part("audit", AuditLog::entry_key(3)));
  EXPECT_EQ(findings(), "I10 entries are missing at its end\n");
  remove(keys::part("audit", "head"));
  EXPECT_EQ(findings(), "I10 its head is missing\n");
}

TEST_F(FsckTest, AnOpenResourceOfAnEndedAttemptIsAWarning) {
  Resource resource;
  resource.event.ref = {job_.id, {1, 1}};
  resource.event.intent = 4;
  resource.event.resource_kind = "vm";
  resource.event.name = "packer-x";
  resource.agent = AgentId::random(random_);
  put(keys::resource({job_.id, {1, 1}, 4}), encode_resource_record(resource));
  const FsckReport report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].invariant, "I5");
  EXPECT_TRUE(report.clean());
}

}  // namespace
}  // namespace farm::coordinator
