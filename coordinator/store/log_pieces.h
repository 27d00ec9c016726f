// Log pieces: how a log lies in an ordered key space: one record per append, keyed by the offset of
// its first byte. Shared by the stores, which differ only in how they iterate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::coordinator {

/// Collects bytes [offset, offset + max_bytes) from pieces fed in order.
class LogReader {
 public:
  LogReader(uint64_t offset, size_t max_bytes) : next_(offset), left_(max_bytes) {}
  /// True while more pieces are wanted. Corrupt: a gap (invariant I9).
  Result<bool> feed(uint64_t piece_offset, std::string_view bytes);
  std::string take() { return std::move(out_); }

 private:
  uint64_t next_;
  size_t left_;
  std::string out_;
};

}  // namespace farm::coordinator
