// SealedStore: a Store whose job specs and build records (they hold the secrets of a template) are
// sealed on their way in and opened on their way out. Everything else passes through. What was stored before sealing
// existed is read as it is.
#pragma once

#include "common/seal/seal_key.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

class SealedStore final : public Store {
 public:
  /// `store` must outlive this.
  SealedStore(Store& store, seal::SealKey key) : store_(store), key_(std::move(key)) {}

  Result<void> apply(const Batch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, const RecordVisitor& visit) override;
  Result<uint64_t> log_length(const wire::JobRef& ref) override { return store_.log_length(ref); }
  Result<std::string> read_log(const wire::JobRef& ref, uint64_t offset,
                               size_t max_bytes) override {
    return store_.read_log(ref, offset, max_bytes);
  }

 private:
  Result<std::string> opened(std::string_view key, std::string_view value) const;
  Store& store_;
  seal::SealKey key_;
};

}  // namespace farm::coordinator
