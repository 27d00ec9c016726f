#include "coordinator/store/chunk_store.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <thread>

#include "common/io/fd.h"
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

TEST(RocksChunkStore, GivesTheRoomOfRemovedChunksBack) {
  const Result<io::TempDirectory> directory = io::TempDirectory::create("/tmp", "farm-chunks-");
  ASSERT_TRUE(directory);
  const auto blob_bytes = [&] {
    uint64_t sum = 0;
    const auto files = io::list_files(directory->path() + "/chunks");
    for (const std::string& file : *files) {
      if (file.ends_with(".blob")) sum += io::file_size(file).value_or(0);
    }
    return sum;
  };
  std::vector<std::string> digests;
  {
    const auto store = RocksChunkStore::open(directory->path());
    ASSERT_TRUE(store);
    for (char c = 'a'; c < 'i'; ++c) {
      const std::string bytes(1 << 20, c);
      digests.push_back(chunk_digest(bytes));
      ASSERT_TRUE((*store)->put(digests.back(), bytes));
    }
    ASSERT_TRUE((*store)->flush());
    std::sort(digests.begin(), digests.end());
    EXPECT_EQ(*(*store)->list_after("", 3),
              std::vector<std::string>(digests.begin(), digests.begin() + 3));
    EXPECT_EQ(*(*store)->list_after(digests[2], 100),
              std::vector<std::string>(digests.begin() + 3, digests.end()));
    for (size_t i = 0; i < 6; ++i) ASSERT_TRUE((*store)->remove(digests[i]));
    EXPECT_FALSE(*(*store)->has(digests[0]));
    EXPECT_EQ((*store)->get(digests[0]).error().code, ErrorCode::NotFound);
    ASSERT_TRUE((*store)->flush());
    const uint64_t before = blob_bytes();
    ASSERT_TRUE((*store)->reclaim());
    const Instant end = io::steady_now() + std::chrono::seconds(60);
    while (blob_bytes() > before / 2 && io::steady_now() < end) std::this_thread::yield();
    EXPECT_LT(blob_bytes(), before / 2);
    EXPECT_TRUE((*store)->get(digests[7]));
  }
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
