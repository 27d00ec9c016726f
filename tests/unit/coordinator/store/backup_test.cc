// Backup while a store is open, and the way back; sealed specs.
#include "coordinator/store/backup.h"

#include <gtest/gtest.h>

#include "common/io/files.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/memory_store.h"
#include "coordinator/store/rocks_chunk_store.h"
#include "coordinator/store/rocks_store.h"
#include "coordinator/store/sealed_store.h"

namespace farm::coordinator {
namespace {

const WallTime kNow{1'800'000'000'000'000'000};

Batch put(const std::string& key, const std::string& value) {
  Batch batch;
  batch.puts.push_back({key, value});
  return batch;
}

class BackupTest : public ::testing::Test {
 protected:
  io::TempDirectory directory_ = *io::TempDirectory::create("/tmp", "farm-backup-");
  std::string data_ = directory_.path() + "/data";
  std::string restored_ = directory_.path() + "/restored";
};

TEST_F(BackupTest, ComesBackAsItWasWithALaterIncarnation) {
  const std::string chunk(5000, 'c');
  std::string path;
  {
    const auto store = *RocksStore::open(data_);
    const auto chunks = *RocksChunkStore::open(data_);
    ASSERT_TRUE(io::write_file(data_ + "/curve.key", "key", 0600));
    ASSERT_TRUE(store->apply(put(keys::meta("x"), "before")));
    ASSERT_TRUE(chunks->put(chunk_digest(chunk), chunk));
    path = *make_backup(data_, "one", *store, *chunks);
    EXPECT_EQ(path, data_ + "/backups/one");
    EXPECT_EQ(make_backup(data_, "one", *store, *chunks).error().code, ErrorCode::Conflict);
    ASSERT_TRUE(store->apply(put(keys::meta("x"), "after")));
  }
  ASSERT_TRUE(restore_backup(path, restored_, kNow));
  const auto store = *RocksStore::open(restored_);
  EXPECT_EQ(*store->get(keys::meta("x")), "before");
  EXPECT_GT(store->incarnation(), 1'000'000U);
  EXPECT_EQ(*(*RocksChunkStore::open(restored_))->get(chunk_digest(chunk)), chunk);
  EXPECT_EQ(*io::read_file(restored_ + "/curve.key"), "key");
}

TEST_F(BackupTest, ASecondRestoreIsALaterIncarnationAgain) {
  std::string path;
  {
    const auto store = *RocksStore::open(data_);
    const auto chunks = *RocksChunkStore::open(data_);
    path = *make_backup(data_, "one", *store, *chunks);
  }
  ASSERT_TRUE(restore_backup(path, restored_, kNow));
  const uint32_t first = (*RocksStore::open(restored_))->incarnation();
  const WallTime later{kNow.nanos + 5'000'000'000};
  ASSERT_TRUE(restore_backup(path, restored_ + "2", later));
  EXPECT_GT((*RocksStore::open(restored_ + "2"))->incarnation(), first);
}

TEST_F(BackupTest, RefusesWhatIsNoBackupAndWhatIsInUse) {
  EXPECT_EQ(restore_backup(directory_.path(), restored_, kNow).error().code,
            ErrorCode::InvalidInput);
  std::string path;
  {
    const auto store = *RocksStore::open(data_);
    const auto chunks = *RocksChunkStore::open(data_);
    path = *make_backup(data_, "one", *store, *chunks);
  }
  EXPECT_EQ(restore_backup(path, data_, kNow).error().code, ErrorCode::Conflict);
}

TEST_F(BackupTest, AnOldCopyInPlaceOfTheStoreIsNoticed) {
  std::string path;
  {
    const auto store = *RocksStore::open(data_);
    const auto chunks = *RocksChunkStore::open(data_);
    ASSERT_TRUE(store->apply(put(keys::meta("x"), "1")));
    path = *make_backup(data_, "one", *store, *chunks);
    ASSERT_TRUE(store->apply(put(keys::meta("x"), "2")));
  }
  ASSERT_TRUE(io::remove_tree(data_ + "/ledger"));
  ASSERT_TRUE(io::move_file(path + "/ledger", data_ + "/ledger", CancelToken()));
  EXPECT_EQ(RocksStore::open(data_).error().code, ErrorCode::Corrupt);
}

TEST_F(BackupTest, SpecsAreSealedAndNothingElse) {
  SeededRandom random(1);
  const JobId job = JobId::random(random);
  MemoryStore inner;
  SealedStore store(inner, *seal::SealKey::load_or_create(directory_.path() + "/seal.key"));
  Batch batch = put(keys::spec(job), "password=hunter2");
  batch.merge(put(keys::meta("x"), "plain"));
  const std::string build = keys::build(BuildId::random(random));
  batch.merge(put(build, "sensitive: hunter2"));
  ASSERT_TRUE(store.apply(batch));
  EXPECT_EQ(*store.get(keys::spec(job)), "password=hunter2");
  EXPECT_EQ(*store.get(keys::meta("x")), "plain");
  EXPECT_EQ(*store.get(build), "sensitive: hunter2");
  for (const auto& [key, value] : inner.records()) {
    EXPECT_EQ(value.find("hunter2"), std::string::npos);
  }
  size_t seen = 0;
  ASSERT_TRUE(store.scan(keys::prefix(keys::Table::Spec), [&](auto, auto value) -> Result<void> {
    EXPECT_EQ(value, "password=hunter2");
    ++seen;
    return {};
  }));
  EXPECT_EQ(seen, 1U);
  // Moved to another job's key it does not open.
  const JobId other = JobId::random(random);
  ASSERT_TRUE(inner.apply(put(keys::spec(other), **inner.get(keys::spec(job)))));
  EXPECT_EQ(store.get(keys::spec(other)).error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace farm::coordinator
