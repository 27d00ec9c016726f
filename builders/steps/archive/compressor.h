// Compressor: bytes in, compressed bytes out, on all processors: pieces are compressed beside each
// other and written in order. One thread uses it; the workers are its own.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "builders/steps/archive/format.h"
#include "common/base/channel.h"
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

/// Work done beside each other by threads of its own; its results are passed on in the order of
/// add(), on the thread that calls it.
class OrderedWork {
 public:
  explicit OrderedWork(ByteOut out);
  ~OrderedWork();
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;
  Result<void> add(std::function<Result<std::string>()> work);
  Result<void> drain();

 private:
  using Work = std::packaged_task<Result<std::string>()>;
  Result<void> take();
  void start_worker();

  ByteOut out_;
  size_t most_workers_;
  size_t limit_;  // of what is under way; enough that no worker waits for the slowest
  Channel<Work> waiting_;  // the workers share it
  std::vector<std::thread> workers_;
  std::deque<std::future<Result<std::string>>> pending_;
};

}  // namespace farm::builders::archive
