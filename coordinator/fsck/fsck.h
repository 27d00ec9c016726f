// Fsck: the invariants of the farm checked on what a store holds, with nothing running: every record
// reads, every success has its bytes, logs have no gap, epochs only grow, the audit chain verifies.
// Used by `farmctl fsck` and by the tests after every fault.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "coordinator/store/chunk_store.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

struct Finding {
  enum class Weight : uint8_t { Warning, Error };
  Weight weight = Weight::Error;
  std::string invariant;  // "I3", as design and tests name them; "record" for what cannot be read
  std::string subject;    // "job 4x7q...", "file 91f0..."
  std::string text;
};

struct FsckReport {
  std::vector<Finding> findings;
  uint64_t builds = 0, jobs = 0, attempts = 0, resources = 0;
  uint64_t files = 0, file_bytes = 0, chunks_read = 0;
  uint64_t log_bytes = 0;
  uint64_t audit_entries = 0;
  std::string audit_head;
  bool clean() const;  // no finding of weight Error
};

struct FsckOptions {
  /// Reads and hashes every chunk; otherwise only looks whether it is there.
  bool deep = false;
  /// Of the store; no epoch may be of a later one.
  uint32_t incarnation = UINT32_MAX;
  /// Called now and then with what is being checked; may be empty.
  std::function<void(const std::string&)> progress;
};

/// Errors are those of the store itself (it cannot be read at all). `chunks` may be null where a
/// store keeps no bytes (builds made by `farmctl build`); then files are not checked.
Result<FsckReport> check_store(Store& store, ChunkStore* chunks, const FsckOptions& options);

}  // namespace farm::coordinator
