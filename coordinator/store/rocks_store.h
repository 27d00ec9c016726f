// RocksStore: the Store of a coordinator on RocksDB: one synced WriteBatch per apply(), point-in-time
// recovery, and a high-water file beside the database that tells silent loss from a clean restart.
// A store whose write failed takes no other one: only a new process opens it again (disk_probe.h).
#pragma once

#include <memory>
#include <string>

#include "coordinator/store/store.h"

namespace farm::coordinator {

class RocksStore final : public Store {
 public:
  /// What to do when the database is older than what was acknowledged (a lost disk write, a
  /// restored backup).
  enum class OnLoss : uint8_t { Refuse, Accept };

  /// Opens or creates the database in `directory`/ledger. Corrupt: acknowledged batches are missing
  /// (the message says how many); with OnLoss::Accept the incarnation grows instead, so that no
  /// epoch is given twice. Conflict: another process has it open.
  static Result<std::unique_ptr<RocksStore>> open(const std::string& directory,
                                                  OnLoss on_loss = OnLoss::Refuse);
  ~RocksStore() override;

  /// After the first failure every call fails with it; reading goes on.
  Result<void> apply(const Batch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, const RecordVisitor& visit) override;
  Result<uint64_t> log_length(const wire::JobRef& ref) override;
  Result<std::string> read_log(const wire::JobRef& ref, uint64_t offset,
                               size_t max_bytes) override;

  /// Of this store; the first part of every epoch.
  uint32_t incarnation() const;
  /// Begins a later incarnation, `at_least` or the next one: what was restored from a backup must
  /// not give an epoch twice.
  Result<void> begin_incarnation(uint32_t at_least);
  /// A consistent copy in `directory`, which must not exist: the backup. Any thread.
  /// Unavailable after a failed write.
  Result<void> checkpoint(const std::string& directory);

 private:
  class Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace farm::coordinator
