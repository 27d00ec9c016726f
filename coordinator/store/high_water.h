// HighWater: a small file beside the database with the number of the last batch that was
// acknowledged. A database that opens with fewer has silently lost what people were told is safe.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::coordinator {

class HighWater {
 public:
  /// Creates the file with 0. Corrupt: its content is no number with its check.
  static Result<HighWater> open(const std::string& path);
  uint64_t value() const { return value_; }
  /// Written at once, synced every few batches: what is lost with the page cache only makes the
  /// file older than the database, which is no alarm.
  Result<void> advance(uint64_t value);
  Result<void> sync();
  /// Sets the value back after a loss was accepted.
  Result<void> reset(uint64_t value);

 private:
  explicit HighWater(io::Fd file) : file_(std::move(file)) {}
  io::Fd file_;
  uint64_t value_ = 0;
  uint32_t unsynced_ = 0;
};

}  // namespace farm::coordinator
