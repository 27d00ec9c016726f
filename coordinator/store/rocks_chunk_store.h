// RocksChunkStore: chunks in a RocksDB instance of their own with integrated blob files and no WAL:
// half the bytes written, and the ledger's small synced writes stay fast beside big uploads. What
// is not flushed is lost in a crash, so flush() comes before any "done".
#pragma once

#include <memory>
#include <string>

#include "coordinator/store/chunk_store.h"

namespace farm::coordinator {

class RocksChunkStore final : public ChunkStore {
 public:
  /// In `directory`/chunks.
  static Result<std::unique_ptr<RocksChunkStore>> open(const std::string& directory);
  ~RocksChunkStore() override;

  Result<bool> has(const std::string& digest) override;
  Result<void> put(const std::string& digest, std::string_view bytes) override;
  Result<void> flush() override;
  Result<std::string> get(const std::string& digest) override;
  Result<void> remove(const std::string& digest) override;
  Result<std::vector<std::string>> list_after(const std::string& digest, size_t limit) override;
  /// Writes the live chunks anew, on a thread of its own, once half of the bytes are garbage.
  Result<void> reclaim() override;
  /// A consistent copy in `directory`, which must not exist. Any thread.
  Result<void> checkpoint(const std::string& directory);

 private:
  class Impl;
  explicit RocksChunkStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace farm::coordinator
