#include "coordinator/store/rocks_store.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "common/io/files.h"
#include "coordinator/store/high_water.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/log_pieces.h"
#include "coordinator/store/rocks_status.h"

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

namespace farm::coordinator {
namespace {

constexpr const char* kBatchNumber = "batch";
constexpr const char* kIncarnation = "incarnation";
constexpr size_t kLedgerBuffer = 16U << 20;
constexpr size_t kLogBuffer = 32U << 20;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

std::string encode_number(uint64_t number) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &number, 8);
  return bytes;
}

Result<uint64_t> decode_number(const std::string& bytes) {
  uint64_t number = 0;
  if (bytes.size() != 8) return corrupt("a number of the store has the wrong length");
  std::memcpy(&number, bytes.data(), 8);
  return number;
}

// After a write of its log failed (full disk, I/O error) an assertion of Debian's RocksDB 7.8 ends the
// process as soon as the database is resumed, flushed or closed. So it must not resume by itself, nor
// does this process ever close it.
class NoRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::DBOptions ledger_options() {
  rocksdb::DBOptions options;
  options.listeners.push_back(std::make_shared<NoRecovery>());
  options.max_bgerror_resume_count = 0;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_total_wal_size = 128U << 20;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4U << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families() {
  std::vector<rocksdb::ColumnFamilyDescriptor> list;
  list.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (const char* name : keys::kFamilyNames) {
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = std::string_view(name) == "log" ? kLogBuffer : kLedgerBuffer;
    list.emplace_back(name, options);
  }
  return list;
}

}  // namespace

// The open database; closed with its last user.
struct Database {
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
  rocksdb::ColumnFamilyHandle* family(std::string_view key) const {
    return handles[1 + static_cast<size_t>(keys::family_of(key))];
  }

  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // default, then keys::kFamilyNames
};

class RocksStore::Impl {
 public:
  Impl(std::string directory, HighWater mark)
      : high_water(std::move(mark)), directory_(std::move(directory)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    static_cast<void>(high_water.sync());
    if (failed) static_cast<void>(database_.release());  // see NoRecovery
  }

  const Database& database() const { return *database_; }
  Result<void> open();

  Result<uint64_t> number(const char* name, uint64_t otherwise) const {
    std::string bytes;
    const std::string key = keys::meta(name);
    const rocksdb::Status status =
        database_->db->Get({}, database_->family(key), slice(key), &bytes);
    if (status.IsNotFound()) return otherwise;
    if (!status.ok()) return rocks_error("read the store", status);
    return decode_number(bytes);
  }
  Result<void> write(const Database& database, rocksdb::WriteBatch& batch) const {
    rocksdb::WriteOptions options;
    options.sync = true;
    const rocksdb::Status status = database.db->Write(options, &batch);
    if (!status.ok()) return rocks_error("write the store", status);
    return {};
  }
  static void put_number(const Database& database, rocksdb::WriteBatch& batch, const char* name,
                         uint64_t value) {
    const std::string key = keys::meta(name);
    batch.Put(database.family(key), slice(key), encode_number(value));
  }
  Result<void> check_loss(OnLoss on_loss);
  Result<void> begin_incarnation(uint32_t at_least);

  HighWater high_water;
  uint64_t batches = 0;  // written; store thread only
  uint32_t incarnation = 1;
  std::atomic<bool> failed{false};  // a write failed; set by the store thread
  std::optional<Error> failure;     // store thread only

 private:
  std::string directory_;
  std::unique_ptr<Database> database_;
};

Result<void> RocksStore::Impl::open() {
  auto database = std::make_unique<Database>();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(ledger_options(), directory_ + "/ledger",
                                                   families(), &database->handles, &db);
  if (!status.ok()) return rocks_error("open the store in " + directory_, status);
  database->db.reset(db);
  database_ = std::move(database);
  return {};
}

Result<void> RocksStore::Impl::check_loss(OnLoss on_loss) {
  batches = TRY(number(kBatchNumber, 0));
  incarnation = static_cast<uint32_t>(TRY(number(kIncarnation, 0)));
  const bool lost = batches < high_water.value();
  if (lost && on_loss == OnLoss::Refuse) {
    return corrupt("the store lost " + std::to_string(high_water.value() - batches) +
                   " acknowledged batches (has " + std::to_string(batches) + " of " +
                   std::to_string(high_water.value()) +
                   "); restore a newer copy, or start with --accept-loss");
  }
  if (!lost && incarnation != 0) return {};
  return begin_incarnation(0);
}

Result<void> RocksStore::Impl::begin_incarnation(uint32_t at_least) {
  incarnation = std::max(incarnation + 1, at_least);
  rocksdb::WriteBatch batch;
  put_number(*database_, batch, kIncarnation, incarnation);
  TRY(write(*database_, batch));
  return high_water.reset(batches);
}

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& directory,
                                                     OnLoss on_loss) {
  TRY(io::make_directories(directory, 0700));
  HighWater mark = TRY(HighWater::open(directory + "/high-water"));
  auto impl = std::make_unique<Impl>(directory, std::move(mark));
  TRY(impl->open());
  TRY(impl->check_loss(on_loss));
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(impl)));
}

Result<void> RocksStore::apply(const Batch& batch) {
  if (batch.empty()) return {};
  if (impl_->failure) return *impl_->failure;
  const Database& database = impl_->database();
  rocksdb::WriteBatch writes;
  for (const Batch::Put& put : batch.puts) {
    writes.Put(database.family(put.key), slice(put.key), slice(put.value));
  }
  for (const std::string& key : batch.deletes) writes.Delete(database.family(key), slice(key));
  for (const Batch::LogAppend& log : batch.logs) {
    const std::string key = keys::log_piece(log.ref, log.offset);
    writes.Put(database.family(key), slice(key), slice(log.bytes));
  }
  const uint64_t number = impl_->batches + 1;
  Impl::put_number(database, writes, kBatchNumber, number);
  const Result<void> written = impl_->write(database, writes);
  if (!written) {
    impl_->failed = true;
    impl_->failure = written.error();
    return written;
  }
  impl_->batches = number;
  // The batch is durable; a high-water file that cannot follow only weakens the later check.
  static_cast<void>(impl_->high_water.advance(number));
  return {};
}

Result<std::optional<std::string>> RocksStore::get(std::string_view key) {
  const Database& database = impl_->database();
  std::string value;
  const rocksdb::Status status = database.db->Get({}, database.family(key), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return rocks_error("read the store", status);
  return std::optional<std::string>(std::move(value));
}

Result<void> RocksStore::scan(std::string_view prefix, const RecordVisitor& visit) {
  const Database& database = impl_->database();
  const std::unique_ptr<rocksdb::Iterator> it(
      database.db->NewIterator({}, database.family(prefix)));
  for (it->Seek(slice(prefix)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    TRY(visit(view(it->key()), view(it->value())));
  }
  if (!it->status().ok()) return rocks_error("scan the store", it->status());
  return {};
}

Result<uint64_t> RocksStore::log_length(const wire::JobRef& ref) {
  const Database& database = impl_->database();
  const std::string prefix = keys::log_prefix(ref);
  const std::unique_ptr<rocksdb::Iterator> it(
      database.db->NewIterator({}, database.family(prefix)));
  it->SeekForPrev(slice(keys::log_piece(ref, UINT64_MAX)));
  if (!it->Valid() || !it->key().starts_with(slice(prefix))) {
    if (!it->status().ok()) return rocks_error("read a log", it->status());
    return uint64_t{0};
  }
  const uint64_t offset = TRY(keys::log_offset(view(it->key())));
  return offset + it->value().size();
}

Result<std::string> RocksStore::read_log(const wire::JobRef& ref, uint64_t offset,
                                         size_t max_bytes) {
  const Database& database = impl_->database();
  const std::string prefix = keys::log_prefix(ref);
  const std::unique_ptr<rocksdb::Iterator> it(
      database.db->NewIterator({}, database.family(prefix)));
  it->SeekForPrev(slice(keys::log_piece(ref, offset)));
  LogReader reader(offset, max_bytes);
  for (; it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    const uint64_t at = TRY(keys::log_offset(view(it->key())));
    const bool more = TRY(reader.feed(at, view(it->value())));
    if (!more) break;
  }
  if (!it->status().ok()) return rocks_error("read a log", it->status());
  return reader.take();
}

Result<void> RocksStore::begin_incarnation(uint32_t at_least) {
  return impl_->begin_incarnation(at_least);
}

uint32_t RocksStore::incarnation() const { return impl_->incarnation; }

Result<void> RocksStore::checkpoint(const std::string& directory) {
  if (impl_->failed) return unavailable("the ledger's disk failed; no backup can be made of it");
  const Database& database = impl_->database();
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(database.db.get(), &made);
  if (!status.ok()) return rocks_error("checkpoint", status);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  status = checkpoint->CreateCheckpoint(directory);
  if (!status.ok()) return rocks_error("checkpoint to " + directory, status);
  return {};
}

}  // namespace farm::coordinator
