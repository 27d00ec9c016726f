// Garbage goes only after its quarantine, damage is found and healed by the next upload.
#include "coordinator/artifacts/chunk_keeper.h"

#include <gtest/gtest.h>

#include "coordinator/artifacts/file_index.h"
#include "coordinator/store/memory_store.h"

namespace farm::coordinator {
namespace {

using std::chrono::hours;

class ChunkKeeperTest : public ::testing::Test {
 protected:
  std::string store_chunk(const std::string& bytes) {
    const std::string digest = chunk_digest(bytes);
    EXPECT_TRUE(keeper_.put(digest, bytes));
    return digest;
  }
  void name_file(const std::string& sha256, const std::string& chunk) {
    Batch batch;
    batch.puts.push_back(FileIndex::put(sha256, StoredFile{5, kChunkSize, chunk, {}}));
    ASSERT_TRUE(store_.apply(batch));
  }
  /// One whole pass; the damaged files.
  std::vector<std::string> pass() {
    std::vector<std::string> damaged;
    while (keeper_.work(clock_.now(), damaged)) {
    }
    return damaged;
  }
  bool stored(const std::string& digest) { return *chunks_.has(digest); }

  ManualClock clock_;
  MemoryStore store_;
  MemoryChunkStore chunks_;
  ChunkKeeper keeper_{store_, chunks_, {hours(24), hours(48)}};
};

TEST_F(ChunkKeeperTest, RemovesWhatNoFileHasNamedForLong) {
  const std::string named = store_chunk("named");
  const std::string garbage = store_chunk("garbage");
  name_file(std::string(64, 'a'), named);
  for (int day = 0; day < 2; ++day) {
    EXPECT_TRUE(pass().empty());
    EXPECT_TRUE(stored(garbage)) << "day " << day;
    clock_.advance(hours(24));
  }
  pass();
  EXPECT_FALSE(stored(garbage));
  EXPECT_TRUE(stored(named));
}

TEST_F(ChunkKeeperTest, AChunkSomebodyAsksForIsNoGarbage) {
  const std::string wanted = store_chunk("wanted");
  pass();
  clock_.advance(hours(47));
  EXPECT_TRUE(*keeper_.has(wanted));  // an upload begins, and need not send it
  clock_.advance(hours(1));
  pass();
  EXPECT_TRUE(stored(wanted));
  name_file(std::string(64, 'b'), wanted);
  clock_.advance(hours(100));
  pass();
  EXPECT_TRUE(stored(wanted));
}

TEST_F(ChunkKeeperTest, ADamagedChunkNeverLeavesAndIsBroughtAgain) {
  const std::string digest = store_chunk("whole");
  const std::string sha256(64, 'c');
  name_file(sha256, digest);
  chunks_.chunks()[digest] = "hole!";
  EXPECT_EQ(keeper_.get(digest).error().code, ErrorCode::Corrupt);
  EXPECT_EQ(pass(), std::vector<std::string>{sha256});
  EXPECT_FALSE(*keeper_.has(digest));  // so the next upload sends it
  store_chunk("whole");
  clock_.advance(hours(24));
  EXPECT_TRUE(pass().empty());
  EXPECT_EQ(*keeper_.get(digest), "whole");
}

}  // namespace
}  // namespace farm::coordinator
