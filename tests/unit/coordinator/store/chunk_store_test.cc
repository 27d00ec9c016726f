#include "coordinator/store/chunk_store.h"

#include <gtest/gtest.h>

#include "common/io/files.h"
#include "coordinator/store/rocks_chunk_store.h"

namespace farm::coordinator {
namespace {

TEST(RocksChunkStore, KeepsFlushedChunksOverARestart) {
  const Result<io::TempDirectory> directory = io::TempDirectory::create("/tmp", "farm-chunks-");
  ASSERT_TRUE(directory);
  const std::string big(1 << 20, 'x');
  const std::string digest = chunk_digest(big);
  {
    const auto store = RocksChunkStore::open(directory->path());
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_FALSE(*(*store)->has(digest));
    ASSERT_TRUE((*store)->put(digest, big));
    ASSERT_TRUE((*store)->flush());
  }
  const auto again = RocksChunkStore::open(directory->path());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*(*again)->has(digest));
  EXPECT_EQ(*(*again)->get(digest), big);
  EXPECT_EQ((*again)->get(chunk_digest("other")).error().code, ErrorCode::NotFound);
}

TEST(ChunkStore, ABadChunkNeverLeaves) {
  MemoryChunkStore store;
  const std::string digest = chunk_digest("bytes");
  ASSERT_TRUE(store.put(digest, "bytes"));
  store.chunks()[digest] = "bytez";
  EXPECT_EQ(store.get(digest).error().code, ErrorCode::Corrupt);
}

TEST(ChunkStore, ZeroDigestIsTheDigestOfZeros) {
  EXPECT_EQ(zero_digest(200'000), chunk_digest(std::string(200'000, '\0')));
}

}  // namespace
}  // namespace farm::coordinator
