// MemoryStore: a Store that forgets at exit: for tests, and to read a run's journal. fail_next()
// and Snapshot let tests play a full disk and a crash that loses unsynced batches.
#pragma once

#include <map>

#include "coordinator/store/store.h"

namespace farm::coordinator {

class MemoryStore final : public Store {
 public:
  using Snapshot = std::map<std::string, std::string, std::less<>>;

  Result<void> apply(const Batch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, const RecordVisitor& visit) override;
  Result<uint64_t> log_length(const wire::JobRef& ref) override;
  Result<std::string> read_log(const wire::JobRef& ref, uint64_t offset,
                               size_t max_bytes) override;

  /// The next `count` apply() calls fail with `error`.
  void fail_next(int count, Error error);
  const Snapshot& records() const { return records_; }
  void restore(Snapshot records) { records_ = std::move(records); }

 private:
  Snapshot records_;
  int failures_ = 0;
  Error failure_;
};

}  // namespace farm::coordinator
