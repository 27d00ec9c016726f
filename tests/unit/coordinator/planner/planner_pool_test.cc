// The pool around the planner: programs that hang, flood or die end in a refusal, the bundle's bytes
// are filled in as they are stored.
#include "coordinator/planner/planner_pool.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "common/io/digests.h"
#include "common/io/files.h"
#include "common/wire/plan_record.h"
#include "coordinator/store/memory_store.h"

namespace farm::coordinator {
namespace {

using Kind = plan::PlanAnswer::Kind;

constexpr const char* kTemplate =
    "source \"null\" \"x\" { communicator = \"none\" }\nbuild { sources = [\"null.x\"] }\n";

class PlannerPoolTest : public ::testing::Test {
 protected:
  /// A program that does `text` instead of planning.
  std::string script(const std::string& text) {
    const std::string path = directory_.path() + "/planner";
    EXPECT_TRUE(io::write_file_atomic(path, "#!/bin/sh\n" + text + "\n", 0755));
    return path;
  }
  static std::string real() { return FARM_BIN_DIR "/../libexec/farm/farm-planner"; }
  Result<plan::PlanReply> run(const std::string& program, const PlanOrder& order,
                              Duration deadline = std::chrono::seconds(20)) {
    PlannerPool pool({program, 1, deadline}, store_, chunks_);
    EXPECT_TRUE(pool.start(order));
    pollfd readable{pool.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&readable, 1, 60'000), 1);
    std::optional<PlanOutcome> outcome = pool.receive();
    if (!outcome) return internal("no outcome");
    return std::move(outcome->reply);
  }
  PlanOrder order_of(const plan::PlanRecord& record) {
    return {RequestId::random(random_), wire::encode_plan_record(record), {}};
  }
  static plan::PlanRecord record() {
    plan::PlanRecord made;
    made.path = "t.pkr.hcl";
    made.working_directory = made.home_directory = "/home/ana";
    made.answers = {{Kind::TreeKind, "t.pkr.hcl", true, "f", "", {}},
                    {Kind::TreeRead, "t.pkr.hcl", true, kTemplate, "", {}}};
    return made;
  }

  io::TempDirectory directory_ = *io::TempDirectory::create("/tmp", "farm-planner-");
  SystemRandom random_;
  MemoryStore store_;
  MemoryChunkStore chunks_;
};

TEST_F(PlannerPoolTest, PlansWhatTheBundleHolds) {
  const std::string text = kTemplate;
  const std::string sha256 = io::digest_hex(io::DigestKind::Sha256, text);
  Batch batch;
  batch.puts.push_back(FileIndex::put(sha256, StoredFile{text.size(), 0, {}, text}));
  ASSERT_TRUE(store_.apply(batch));
  plan::PlanRecord asked = record();
  asked.answers[1].value.clear();
  asked.answers[1].bundle = "images/t.pkr.hcl";
  PlanOrder order = order_of(asked);
  order.bundle = {{"images/t.pkr.hcl", sha256, text.size(), 0644, ""}};
  const Result<plan::PlanReply> reply = run(real(), order);
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_EQ(reply->jobs.size(), 1U);
  EXPECT_EQ(reply->jobs[0].name, "null.x");
}

TEST_F(PlannerPoolTest, ReadsFilesOfSeveralChunks) {
  const std::string text = kTemplate + std::string("#") + std::string(3U << 20, 'x') + "\n";
  StoredFile file{text.size(), kChunkSize, {}, {}};
  for (size_t at = 0; at < text.size(); at += kChunkSize) {
    const std::string piece = text.substr(at, kChunkSize);
    ASSERT_TRUE(chunks_.put(chunk_digest(piece), piece));
    file.chunks += chunk_digest(piece);
  }
  const std::string sha256 = io::digest_hex(io::DigestKind::Sha256, text);
  Batch batch;
  batch.puts.push_back(FileIndex::put(sha256, file));
  ASSERT_TRUE(store_.apply(batch));
  plan::PlanRecord asked = record();
  asked.answers[1].value.clear();
  asked.answers[1].bundle = "t.pkr.hcl";
  PlanOrder order = order_of(asked);
  order.bundle = {{"t.pkr.hcl", sha256, text.size(), 0644, ""}};
  const Result<plan::PlanReply> reply = run(real(), order);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->jobs.size(), 1U);
}

TEST_F(PlannerPoolTest, AStoredFileThatIsTooLargeIsNotRead) {
  const std::string sha256(64, 'a');
  constexpr uint64_t kSize = 17 * kChunkSize;
  StoredFile file{kSize, kChunkSize, {}, {}};
  for (uint64_t at = 0; at < kSize; at += kChunkSize) file.chunks += zero_digest(kChunkSize);
  Batch batch;
  batch.puts.push_back(FileIndex::put(sha256, file));
  ASSERT_TRUE(store_.apply(batch));
  plan::PlanRecord asked = record();
  asked.answers[1].bundle = "t.pkr.hcl";
  for (const uint64_t claimed : {uint64_t{10}, kSize}) {
    PlanOrder order = order_of(asked);
    order.bundle = {{"t.pkr.hcl", sha256, claimed, 0644, ""}};
    const Result<plan::PlanReply> reply = run(real(), order);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::Denied) << reply.error().message;
  }
}

TEST_F(PlannerPoolTest, AHangingPlannerIsEnded) {
  const Result<plan::PlanReply> reply =
      run(script("exec sleep 1000"), order_of(record()), std::chrono::milliseconds(300));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::Denied);
}

TEST_F(PlannerPoolTest, WhatIsNoReplyIsNone) {
  EXPECT_FALSE(run(script("exec cat"), order_of(record())));
  EXPECT_FALSE(run(script("exit 0"), order_of(record())));
  const Result<plan::PlanReply> flood = run(script("exec cat /dev/zero | head -c 60000000"),
                                            order_of(record()));
  ASSERT_FALSE(flood);
  EXPECT_EQ(flood.error().message, "the plan of the template is larger than a plan may be");
  const Result<plan::PlanReply> memory = run(script("exit 40"), order_of(record()));
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().message, "planning the template takes more than 1 GiB of memory");
  const Result<plan::PlanReply> escape = run(script("kill -SYS $$"), order_of(record()));
  ASSERT_FALSE(escape);
  EXPECT_EQ(escape.error().code, ErrorCode::Denied);
  EXPECT_FALSE(run("/absent/planner", order_of(record())));
}

}  // namespace
}  // namespace farm::coordinator
