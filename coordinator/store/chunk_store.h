// ChunkStore: the bytes of artifacts and bundles, by SHA-256 of their chunks. Equal chunks are kept
// once, chunks of zeros not at all. A bad chunk never leaves: get() hashes what it read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::coordinator {

inline constexpr uint64_t kChunkSize = 1U << 20;
inline constexpr uint64_t kMaxChunkSize = 4U << 20;

/// SHA-256 of `bytes`, 32 raw bytes.
std::string chunk_digest(std::string_view bytes);
/// The digest of `size` zero bytes.
std::string zero_digest(uint64_t size);

class ChunkStore {
 public:
  virtual ~ChunkStore() = default;
  virtual Result<bool> has(const std::string& digest) = 0;
  /// `bytes` must hash to `digest`, which the caller has checked. Durable after the next flush().
  /// Unavailable: the disk is full or failed.
  virtual Result<void> put(const std::string& digest, std::string_view bytes) = 0;
  virtual Result<void> flush() = 0;
  /// NotFound; Corrupt: what is stored does not hash to `digest`.
  virtual Result<std::string> get(const std::string& digest) = 0;
  virtual Result<void> remove(const std::string& digest) = 0;
  /// At most `limit` digests that follow `digest` in order; from the first one after an empty one.
  virtual Result<std::vector<std::string>> list_after(const std::string& digest, size_t limit) = 0;
  /// Gives the room of removed chunks back to the file system, in its own time.
  virtual Result<void> reclaim() = 0;
};

/// In memory; for tests.
class MemoryChunkStore final : public ChunkStore {
 public:
  Result<bool> has(const std::string& digest) override;
  Result<void> put(const std::string& digest, std::string_view bytes) override;
  Result<void> flush() override { return {}; }
  Result<std::string> get(const std::string& digest) override;
  Result<void> remove(const std::string& digest) override;
  Result<std::vector<std::string>> list_after(const std::string& digest, size_t limit) override;
  Result<void> reclaim() override { return {}; }
  /// Damages or removes what is stored; for tests.
  std::map<std::string, std::string>& chunks() { return chunks_; }

 private:
  std::map<std::string, std::string> chunks_;
};

}  // namespace farm::coordinator
