#include "common/wire/codec.h"

#include <gtest/gtest.h>

namespace farm::wire {
namespace {

JobRef some_ref() {
  SeededRandom random(3);
  return {JobId::random(random), Epoch{2, 7}};
}

template <class M>
M round_trip(const M& message) {
  Result<Message> back = decode(encode(message));
  EXPECT_TRUE(back.has_value()) << (back ? "" : back.error().message);
  return std::get<M>(*back);
}

Offer some_offer() {
  SeededRandom random(4);
  Offer offer;
  offer.ref = some_ref();
  offer.build = BuildId::random(random);
  offer.job_name = "qemu.base";
  offer.attempt = 2;
  offer.spec = std::string("\0\1binary", 8);
  offer.bundle = "abc";
  offer.options.force = true;
  offer.options.on_error = "abort";
  offer.sensitive = {"s3cret", "two\nlines"};
  offer.total_limit = std::chrono::hours(24);
  return offer;
}

TEST(Codec, OfferKeepsEveryField) {
  const Offer offer = some_offer();
  const Offer back = round_trip(offer);
  EXPECT_EQ(back.ref, offer.ref);
  EXPECT_EQ(back.build, offer.build);
  EXPECT_EQ(back.job_name, offer.job_name);
  EXPECT_EQ(back.attempt, 2U);
  EXPECT_EQ(back.spec, offer.spec);
  EXPECT_EQ(back.options.on_error, "abort");
  EXPECT_TRUE(back.options.force);
  EXPECT_EQ(back.sensitive, offer.sensitive);
  EXPECT_EQ(back.total_limit, offer.total_limit);
}

TEST(Codec, NestedListsMapsAndErrors) {
  Hello hello;
  hello.labels = {"site=home"};
  hello.jobs.push_back({some_ref(), Phase::Uploading, 99});
  const Hello hello_back = round_trip(hello);
  ASSERT_EQ(hello_back.jobs.size(), 1U);
  EXPECT_EQ(hello_back.jobs[0].ref, some_ref());
  EXPECT_EQ(hello_back.jobs[0].phase, Phase::Uploading);

  Subscribe subscribe;
  subscribe.offsets = {{"a", 1}, {"b", 2}};
  EXPECT_EQ(round_trip(subscribe).offsets, subscribe.offsets);

  JobResult result;
  result.ref = some_ref();
  result.error = unavailable("gone");
  result.artifacts = {{"packer.file", "File", "Stored file: x", {{"x", 3, "ab", true}}}};
  const JobResult result_back = round_trip(result);
  EXPECT_EQ(result_back.error.code, ErrorCode::Unavailable);
  EXPECT_TRUE(result_back.error.retryable);
  ASSERT_EQ(result_back.artifacts.size(), 1U);
  EXPECT_EQ(result_back.artifacts[0].files[0].path, "x");
  EXPECT_TRUE(result_back.artifacts[0].files[0].stored);

  Survey survey;
  survey.views.push_back({"proxmox", "pve:8006", "root@pam!farm", {}, {}, ""});
  survey.views[0].nodes.push_back({"pve1", "c", true, true, 312, 7, 9, {"local"}});
  survey.views[0].things.push_back(
      {"proxmox-vm", "pve1/100 farm-x", "uuid", "x", std::chrono::hours(3), "busy"});
  const Survey survey_back = round_trip(survey);
  ASSERT_EQ(survey_back.views.size(), 1U);
  EXPECT_EQ(survey_back.views[0].place, "pve:8006");
  ASSERT_EQ(survey_back.views[0].nodes.size(), 1U);
  EXPECT_TRUE(survey_back.views[0].nodes[0].placed_by_provider);
  EXPECT_EQ(survey_back.views[0].nodes[0].cpu_permille, 312U);
  EXPECT_EQ(survey_back.views[0].nodes[0].datastores, std::vector<std::string>{"local"});
  EXPECT_EQ(survey_back.views[0].things[0].age, std::chrono::hours(3));
  EXPECT_EQ(survey_back.views[0].things[0].error, "busy");

  SubmitAck ack;
  EXPECT_FALSE(round_trip(ack).error.has_value());
  ack.error = denied("no");
  EXPECT_EQ(round_trip(ack).error->message, "no");
}

TEST(Codec, BulkBytesRideBehindTheBody) {
  UploadChunk chunk;
  chunk.index = 5;
  chunk.digest = std::string(32, '\7');
  chunk.bytes = std::string(1 << 20, '\0');
  const UploadChunk back = round_trip(chunk);
  EXPECT_EQ(back.bytes.size(), chunk.bytes.size());
  EXPECT_EQ(back.digest, chunk.digest);
  UploadEnd end;
  end.chunks = {std::string(32, 'a'), std::string(32, 'b')};
  EXPECT_EQ(round_trip(end).chunks, end.chunks);
}

TEST(Codec, RefusesSenselessContent) {
  struct Case {
    const char* name;
    Message message;
    const char* error;
  };
  UploadChunk short_digest;
  short_digest.digest = "short";
  UploadBegin begin;
  begin.ref = some_ref();
  begin.size = 10;
  begin.chunk_size = 1;
  Enroll enroll;
  enroll.public_key = "x";
  const std::vector<Case> cases = {
      {"digest length", short_digest, "message upload_chunk: a digest has 32 bytes"},
      {"chunk size", begin, "message upload_begin: chunk size out of range"},
      {"key length", enroll, "message enroll: a public key has 40 characters"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Result<Message> back = decode(encode(c.message));
    ASSERT_FALSE(back.has_value());
    EXPECT_EQ(back.error().message, c.error);
  }
}

TEST(Codec, RefusesForeignFrames) {
  const std::string good = encode(some_offer());
  EXPECT_EQ(decode("").error().message, "frame is shorter than its header");
  EXPECT_EQ(decode(std::string(64, 'x')).error().message, "frame is not of this protocol");
  std::string other_version = good;
  other_version[4] = 9;
  EXPECT_EQ(decode(other_version).error().message,
            "protocol version 9 is not spoken here (this is 1)");
  std::string other_type = good;
  other_type[6] = '\x7f';
  EXPECT_EQ(decode(other_type).error().message, "message type 127 is unknown");
  EXPECT_EQ(decode(good.substr(0, good.size() - 1)).error().message, "frame is cut short");
}

TEST(Codec, SurvivesEveryFlippedByte) {
  const std::string good = encode(some_offer());
  for (size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const Result<Message> result = decode(bad);  // must not crash; may be valid
      if (result) {
        EXPECT_NE(message_name(*result), nullptr);
      }
    }
  }
}

}  // namespace
}  // namespace farm::wire
