// Uploads and downloads: resume, deduplication, corrupt chunks, zero chunks, credit.
#include <gtest/gtest.h>

#include "common/io/digests.h"
#include "coordinator/artifacts/download_desk.h"
#include "coordinator/artifacts/upload_desk.h"
#include "coordinator/store/memory_store.h"

namespace farm::coordinator {
namespace {

constexpr uint64_t kPiece = 1U << 20;

class Sink final : public Transport {
 public:
  Result<void> send(const Outgoing& outgoing) override {
    if (full) return timed_out("full");
    sent.push_back(outgoing.message);
    return {};
  }
  std::vector<wire::Message> sent;
  bool full = false;
};

class TransferTest : public ::testing::Test {
 protected:
  TransferTest() : files_(store_), uploads_(chunks_), downloads_(files_, chunks_) {}

  static std::string content(size_t size, uint64_t seed) {
    SeededRandom random(seed);
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next() & 0xff);
    return bytes;
  }
  static std::vector<std::string> pieces(const std::string& bytes) {
    std::vector<std::string> list;
    for (size_t at = 0; at < bytes.size(); at += kPiece) list.push_back(bytes.substr(at, kPiece));
    return list;
  }
  static std::vector<std::string> digests(const std::string& bytes) {
    std::vector<std::string> list;
    for (const std::string& piece : pieces(bytes)) list.push_back(chunk_digest(piece));
    return list;
  }
  wire::UploadNeed begin(const RequestId& id, const std::string& bytes) {
    const UploadDesk::Turn turn = uploads_.begin(
        peer_, {id, {}, "disk", bytes.size(), kPiece, "", digests(bytes)}, clock_.now());
    EXPECT_EQ(turn.replies.size(), 1U);
    return std::get<wire::UploadNeed>(turn.replies.at(0).message);
  }
  UploadDesk::Turn end(const RequestId& id, const std::string& bytes, std::string sha256 = {}) {
    if (sha256.empty()) sha256 = io::digest_hex(io::DigestKind::Sha256, bytes);
    UploadDesk::Turn turn =
        uploads_.end(peer_, {id, sha256, digests(bytes)}, clock_.now());
    while (uploads_.busy()) {
      UploadDesk::Turn more = uploads_.work();
      for (auto& reply : more.replies) turn.replies.push_back(std::move(reply));
      for (auto& done : more.finished) turn.finished.push_back(std::move(done));
    }
    return turn;
  }
  void send(const RequestId& id, const std::string& bytes, const std::vector<uint32_t>& which) {
    for (const uint32_t index : which) {
      const std::string piece = pieces(bytes)[index];
      const UploadDesk::Turn turn =
          uploads_.chunk(peer_, {id, index, chunk_digest(piece), piece}, clock_.now());
      ASSERT_TRUE(std::holds_alternative<wire::UploadCredit>(turn.replies.at(0).message));
    }
  }
  void upload(const std::string& bytes) {
    const RequestId id = RequestId::random(random_);
    send(id, bytes, begin(id, bytes).missing);
    const UploadDesk::Turn turn = end(id, bytes);
    ASSERT_EQ(turn.finished.size(), 1U);
    Batch batch;
    batch.puts.push_back(FileIndex::put(turn.finished[0].sha256, turn.finished[0].file));
    ASSERT_TRUE(store_.apply(batch));
  }
  static Error failure(const UploadDesk::Turn& turn) {
    return std::get<wire::UploadDone>(turn.replies.at(0).message).error;
  }

  ManualClock clock_;
  SeededRandom random_{3};
  MemoryStore store_;
  MemoryChunkStore chunks_;
  FileIndex files_;
  UploadDesk uploads_;
  DownloadDesk downloads_;
  Peer peer_{Lane::Bulk, "r1", "user1"};
};

TEST_F(TransferTest, AnInterruptedUploadResumesWithWhatIsMissing) {
  const std::string bytes = content(5 * kPiece + 100, 1);
  const RequestId first = RequestId::random(random_);
  EXPECT_EQ(begin(first, bytes).missing, (std::vector<uint32_t>{0, 1, 2, 3, 4, 5}));
  send(first, bytes, {0, 2, 5});
  const RequestId second = RequestId::random(random_);
  EXPECT_EQ(begin(second, bytes).missing, (std::vector<uint32_t>{1, 3, 4}));
  send(second, bytes, {1, 3, 4});
  EXPECT_EQ(end(second, bytes).finished.size(), 1U);
}

TEST_F(TransferTest, EqualChunksAreStoredOnceAndZerosNever) {
  const std::string same = content(kPiece, 2);
  const std::string bytes = same + std::string(2 * kPiece, '\0') + same + content(10, 3);
  const RequestId id = RequestId::random(random_);
  EXPECT_EQ(begin(id, bytes).missing, (std::vector<uint32_t>{0, 4}));
  send(id, bytes, {0, 4});
  ASSERT_EQ(end(id, bytes).finished.size(), 1U);
  EXPECT_EQ(chunks_.chunks().size(), 2U);
}

TEST_F(TransferTest, ChunksMayComeInAnyOrderAndTwice) {
  const std::string known = content(kPiece, 20);
  upload(content(kPiece, 21) + known);
  const std::string same = content(kPiece, 22);
  const std::string bytes = same + std::string(kPiece, '\0') + known + same +
                            content(kPiece, 23) + content(7, 24);
  const RequestId id = RequestId::random(random_);
  EXPECT_EQ(begin(id, bytes).missing, (std::vector<uint32_t>{0, 4, 5}));
  for (const uint32_t index : {5U, 4U, 0U, 4U}) {
    send(id, bytes, {index});
    while (uploads_.busy()) EXPECT_TRUE(uploads_.work().replies.empty());
  }
  EXPECT_EQ(end(id, bytes).finished.size(), 1U);
}

TEST_F(TransferTest, TheListThatComesWithTheEndCounts) {
  const std::string announced = content(2 * kPiece, 25);
  const std::string other = content(kPiece, 26) + announced.substr(kPiece);
  upload(other);
  const RequestId id = RequestId::random(random_);
  EXPECT_EQ(begin(id, announced).missing, (std::vector<uint32_t>{0}));
  send(id, announced, {0});
  while (uploads_.busy()) EXPECT_TRUE(uploads_.work().replies.empty());
  const UploadDesk::Turn turn = end(id, other);
  ASSERT_EQ(turn.finished.size(), 1U);
  EXPECT_EQ(turn.finished[0].sha256, io::digest_hex(io::DigestKind::Sha256, other));
}

TEST_F(TransferTest, ACorruptChunkEndsTheUpload) {
  const std::string bytes = content(kPiece, 4);
  const RequestId id = RequestId::random(random_);
  begin(id, bytes);
  std::string damaged = bytes;
  damaged[5] ^= 1;
  const UploadDesk::Turn turn =
      uploads_.chunk(peer_, {id, 0, chunk_digest(bytes), damaged}, clock_.now());
  EXPECT_EQ(failure(turn).code, ErrorCode::Corrupt);
  EXPECT_TRUE(failure(turn).retryable);
  EXPECT_TRUE(chunks_.chunks().empty());
}

TEST_F(TransferTest, TheWholeFileMustHashToItsName) {
  const std::string bytes = content(2 * kPiece, 5);
  const RequestId id = RequestId::random(random_);
  send(id, bytes, begin(id, bytes).missing);
  const UploadDesk::Turn turn = end(id, bytes, std::string(64, 'a'));
  EXPECT_EQ(failure(turn).message, "the file does not hash to its digest");
  EXPECT_TRUE(turn.finished.empty());
}

TEST_F(TransferTest, AnUploadWithAMissingChunkIsNotDone) {
  const std::string bytes = content(3 * kPiece, 6);
  const RequestId id = RequestId::random(random_);
  begin(id, bytes);
  send(id, bytes, {0, 2});
  const UploadDesk::Turn turn = end(id, bytes);
  EXPECT_TRUE(turn.finished.empty());
  EXPECT_EQ(failure(turn).code, ErrorCode::NotFound);
}

TEST_F(TransferTest, RefusesWhatMakesNoSense) {
  wire::UploadBegin bad{RequestId::random(random_), {}, "x", 10, 0, "", {}};
  EXPECT_EQ(failure(uploads_.begin(peer_, bad, clock_.now())).code, ErrorCode::InvalidInput);
  bad.chunk_size = 4;
  bad.chunks = {std::string(32, 'a')};
  EXPECT_EQ(failure(uploads_.begin(peer_, bad, clock_.now())).message,
            "the number of chunks does not fit the file's size");
  const wire::UploadChunk stray{RequestId::random(random_), 0, std::string(32, 'a'), "x"};
  EXPECT_EQ(failure(uploads_.chunk(peer_, stray, clock_.now())).code, ErrorCode::NotFound);
  const Peer thief{Lane::Bulk, "r2", "user2"};
  const RequestId id = RequestId::random(random_);
  begin(id, "abc");
  const UploadDesk::Turn stolen =
      uploads_.chunk(thief, {id, 0, chunk_digest("abc"), "abc"}, clock_.now());
  EXPECT_EQ(failure(stolen).code, ErrorCode::NotFound);
}

TEST_F(TransferTest, DownloadsFollowTheCreditAndResumeAtAnOffset) {
  const std::string bytes = content(2 * kPiece, 7) + std::string(kPiece, '\0') + content(5, 8);
  upload(bytes);
  const std::string sha256 = io::digest_hex(io::DigestKind::Sha256, bytes);
  Sink sink;
  const RequestId id = RequestId::random(random_);
  const uint64_t start = 1000;
  downloads_.begin(peer_, {id, sha256, start, 700'000}, clock_.now(), sink);
  while (downloads_.work(sink)) {
  }
  std::string got;
  for (const wire::Message& message : sink.sent) got += std::get<wire::FetchData>(message).bytes;
  EXPECT_EQ(got.size(), 700'000U);
  sink.full = true;
  downloads_.credit(peer_, {id, bytes.size()}, clock_.now());
  EXPECT_FALSE(downloads_.work(sink));
  sink.full = false;
  while (downloads_.work(sink)) {
  }
  got.clear();
  for (const wire::Message& message : sink.sent) got += std::get<wire::FetchData>(message).bytes;
  EXPECT_TRUE(got == bytes.substr(start));
  EXPECT_TRUE(std::get<wire::FetchData>(sink.sent.back()).bytes.empty());
  EXPECT_EQ(downloads_.open(), 0U);
}

TEST_F(TransferTest, ADamagedChunkIsNeverSent) {
  const std::string bytes = content(2 * kPiece, 9);
  upload(bytes);
  chunks_.chunks()[chunk_digest(bytes.substr(0, kPiece))][3] ^= 1;
  Sink sink;
  downloads_.begin(peer_,
                   {RequestId::random(random_), io::digest_hex(io::DigestKind::Sha256, bytes), 0,
                    kPiece},
                   clock_.now(), sink);
  while (downloads_.work(sink)) {
  }
  ASSERT_EQ(sink.sent.size(), 1U);
  EXPECT_EQ(std::get<wire::FetchFailed>(sink.sent[0]).error.code, ErrorCode::Corrupt);
}

TEST_F(TransferTest, SmallFilesLieInTheIndex) {
  upload("hello");
  chunks_.chunks().clear();
  Sink sink;
  downloads_.begin(peer_,
                   {RequestId::random(random_), io::digest_hex(io::DigestKind::Sha256, "hello"), 0,
                    100},
                   clock_.now(), sink);
  while (downloads_.work(sink)) {
  }
  EXPECT_EQ(std::get<wire::FetchData>(sink.sent.at(0)).bytes, "hello");
}

}  // namespace
}  // namespace farm::coordinator
