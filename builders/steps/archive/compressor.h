// Compressor: bytes in, compressed bytes out, on all processors: pieces are compressed beside each
// other and written in order. One thread uses it; the workers are its own.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "builders/steps/archive/format.h"
#include "common/base/result.h"

namespace farm::builders::archive {

using ByteOut = std::function<Result<void>(std::string_view bytes)>;

class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  /// Ends the stream; nothing may be written after it.
  virtual Result<void> finish() = 0;
};

/// `level` -1: the algorithm's default; otherwise 0 (gzip and bgzf: stored) to 9.
std::unique_ptr<Compressor> make_compressor(Algorithm algorithm, int level, ByteOut out);
/// gzip, bgzf, lz4: pieces compressed by themselves.
std::unique_ptr<Compressor> make_block_compressor(Algorithm algorithm, int level, ByteOut out);
/// xz, zstd (by their libraries' own threads), bzip2 (one thread).
std::unique_ptr<Compressor> make_stream_compressor(Algorithm algorithm, int level, ByteOut out);

/// As many as there are processors for this process.
unsigned worker_count();

/// Work done beside each other; its results are passed on in the order of add().
class OrderedWork {
 public:
  explicit OrderedWork(ByteOut out) : out_(std::move(out)), limit_(worker_count() + 1) {}
  Result<void> add(std::function<Result<std::string>()> work);
  Result<void> drain();

 private:
  Result<void> take();
  ByteOut out_;
  size_t limit_;
  std::deque<std::future<Result<std::string>>> pending_;
};

}  // namespace farm::builders::archive
