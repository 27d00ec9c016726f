// Store: what the coordinator keeps: records by key, applied in atomic durable batches, and the logs
// of attempts. The narrow interface that RocksDB, memory, a run's journal (and one day PostgreSQL)
// implement. Keys come from keys.h, values from record.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::coordinator {

/// One decision (or a round of them): all of it becomes durable or nothing.
struct Batch {
  struct Put {
    std::string key;
    std::string value;
  };
  /// Continues the log of an attempt; `offset` is its length so far.
  struct LogAppend {
    wire::JobRef ref;
    uint64_t offset = 0;
    std::string bytes;
  };
  std::vector<Put> puts;
  std::vector<std::string> deletes;
  std::vector<LogAppend> logs;
  bool empty() const { return puts.empty() && deletes.empty() && logs.empty(); }
  void merge(Batch&& other);
};

using RecordVisitor = std::function<Result<void>(std::string_view key, std::string_view value)>;

class Store {
 public:
  virtual ~Store() = default;

  /// Durable when it returns. Unavailable: the disk is full or failed; nothing was applied, and the
  /// same batch may be tried again.
  virtual Result<void> apply(const Batch& batch) = 0;
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  /// Every record whose key starts with `prefix`, in key order; stops at the visitor's first error.
  virtual Result<void> scan(std::string_view prefix, const RecordVisitor& visit) = 0;
  /// Stored length of the log of one attempt.
  virtual Result<uint64_t> log_length(const wire::JobRef& ref) = 0;
  /// At most `max_bytes` from `offset` on; empty at the end.
  virtual Result<std::string> read_log(const wire::JobRef& ref, uint64_t offset,
                                       size_t max_bytes) = 0;
};

}  // namespace farm::coordinator
