#include "coordinator/store/rocks_chunk_store.h"

#include "common/base/log.h"
#include "common/io/digests.h"
#include "common/io/files.h"
#include "coordinator/store/rocks_status.h"

#include <atomic>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <thread>
#include <vector>

namespace farm::coordinator {
namespace {

constexpr const char* kIndexFamily = "index";  // digest -> nothing: has() without reading a blob

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.atomic_flush = true;  // without a WAL, index and bytes must reach the disk together
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4U << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  return options;
}

rocksdb::ColumnFamilyOptions chunk_options() {
  rocksdb::ColumnFamilyOptions options;
  options.enable_blob_files = true;
  options.min_blob_size = 4096;
  options.blob_file_size = 256U << 20;
  // Collection with every compaction goes by the age of blob files: as chunks are seldom removed, it
  // would mostly write live ones anew. See reclaim().
  options.enable_blob_garbage_collection = false;
  options.write_buffer_size = 64U << 20;
  options.max_write_buffer_number = 3;
  options.compression = rocksdb::kNoCompression;  // images come compressed as a rule
  return options;
}

rocksdb::ColumnFamilyOptions index_options() {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // mostly answered no
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

class RocksChunkStore::Impl {
 public:
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    stop_reclaiming = true;
    if (reclaimer.joinable()) reclaimer.join();
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
  rocksdb::ColumnFamilyHandle* chunks() const { return handles[0]; }
  rocksdb::ColumnFamilyHandle* index() const { return handles[1]; }

  rocksdb::Status rewrite_live_chunks();

  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  bool failed = false;
  std::thread reclaimer;
  std::atomic<bool> reclaiming{false};
  std::atomic<bool> stop_reclaiming{false};
};

RocksChunkStore::RocksChunkStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksChunkStore::~RocksChunkStore() = default;

Result<std::unique_ptr<RocksChunkStore>> RocksChunkStore::open(const std::string& directory) {
  TRY(io::make_directories(directory, 0700));
  auto impl = std::make_unique<Impl>();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(
      database_options(), directory + "/chunks",
      {{rocksdb::kDefaultColumnFamilyName, chunk_options()}, {kIndexFamily, index_options()}},
      &impl->handles, &db);
  if (!status.ok()) return rocks_error("open the chunk store in " + directory, status);
  impl->db.reset(db);
  return std::unique_ptr<RocksChunkStore>(new RocksChunkStore(std::move(impl)));
}

Result<bool> RocksChunkStore::has(const std::string& digest) {
  std::string nothing;
  const rocksdb::Status status = impl_->db->Get({}, impl_->index(), digest, &nothing);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return rocks_error("look up chunk " + io::hex_text(digest), status);
  return true;
}

Result<void> RocksChunkStore::put(const std::string& digest, std::string_view bytes) {
  if (impl_->failed) {
    const rocksdb::Status resumed = impl_->db->Resume();
    if (!resumed.ok()) return rocks_error("resume the chunk store", resumed);
    impl_->failed = false;
  }
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  rocksdb::WriteBatch batch;
  batch.Put(impl_->chunks(), digest, rocksdb::Slice(bytes.data(), bytes.size()));
  batch.Put(impl_->index(), digest, rocksdb::Slice());
  const rocksdb::Status status = impl_->db->Write(options, &batch);
  if (status.ok()) return {};
  impl_->failed = true;
  return rocks_error("store a chunk", status);
}

Result<void> RocksChunkStore::flush() {
  rocksdb::FlushOptions options;
  options.wait = true;
  const rocksdb::Status status = impl_->db->Flush(options, impl_->handles);
  if (status.ok()) return {};
  impl_->failed = true;
  return rocks_error("flush the chunk store", status);
}

Result<std::string> RocksChunkStore::get(const std::string& digest) {
  std::string bytes;
  const rocksdb::Status status = impl_->db->Get({}, impl_->chunks(), digest, &bytes);
  if (status.IsNotFound()) {
    return not_found("chunk " + io::hex_text(digest) + " is not stored");
  }
  if (!status.ok()) return rocks_error("read chunk " + io::hex_text(digest), status);
  if (chunk_digest(bytes) != digest) {
    return corrupt("chunk " + io::hex_text(digest) + " is damaged");
  }
  return bytes;
}

Result<void> RocksChunkStore::remove(const std::string& digest) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  rocksdb::WriteBatch batch;
  batch.Delete(impl_->chunks(), digest);
  batch.Delete(impl_->index(), digest);
  const rocksdb::Status status = impl_->db->Write(options, &batch);
  if (status.ok()) return {};
  impl_->failed = true;
  return rocks_error("remove chunk " + io::hex_text(digest), status);
}

Result<std::vector<std::string>> RocksChunkStore::list_after(const std::string& digest,
                                                             size_t limit) {
  std::vector<std::string> list;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator({}, impl_->index()));
  for (it->Seek(digest); it->Valid() && list.size() < limit; it->Next()) {
    if (it->key() != rocksdb::Slice(digest)) list.push_back(it->key().ToString());
  }
  if (!it->status().ok()) return rocks_error("list the chunks", it->status());
  return list;
}

// What is garbage shows only once the removed keys are compacted away, which is cheap beside the bytes.
rocksdb::Status RocksChunkStore::Impl::rewrite_live_chunks() {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.canceled = &stop_reclaiming;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kDisable;
  const rocksdb::Status status = db->CompactRange(options, chunks(), nullptr, nullptr);
  if (!status.ok()) return status;
  uint64_t all = 0;
  uint64_t garbage = 0;
  db->GetIntProperty(chunks(), rocksdb::DB::Properties::kLiveBlobFileSize, &all);
  db->GetIntProperty(chunks(), rocksdb::DB::Properties::kLiveBlobFileGarbageSize, &garbage);
  if (garbage < all / 2) return status;
  options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
  options.blob_garbage_collection_age_cutoff = 1.0;
  return db->CompactRange(options, chunks(), nullptr, nullptr);
}

Result<void> RocksChunkStore::reclaim() {
  if (impl_->reclaiming) return {};
  if (impl_->reclaimer.joinable()) impl_->reclaimer.join();
  impl_->reclaiming = true;
  impl_->reclaimer = std::thread([impl = impl_.get()] {
    const rocksdb::Status status = impl->rewrite_live_chunks();
    if (!status.ok()) log::warn("room not given back", {{"error", status.ToString()}});
    impl->reclaiming = false;
  });
  return {};
}

Result<void> RocksChunkStore::checkpoint(const std::string& directory) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  if (!status.ok()) return rocks_error("checkpoint", status);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  status = checkpoint->CreateCheckpoint(directory);
  if (!status.ok()) return rocks_error("checkpoint to " + directory, status);
  return {};
}

}  // namespace farm::coordinator
