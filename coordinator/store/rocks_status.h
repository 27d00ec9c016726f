// Statuses of RocksDB as errors of ours: one place that says which of them may pass by themselves.
#pragma once

#include <rocksdb/status.h>
#include <string_view>

#include "common/base/result.h"

namespace farm::coordinator {

inline Error rocks_error(std::string_view doing, const rocksdb::Status& status) {
  const std::string text = std::string(doing) + ": " + status.ToString();
  if (status.IsNotFound()) return not_found(text);
  if (status.IsNoSpace()) return unavailable("the disk is full: " + text);
  if (status.IsCorruption()) return corrupt(text);
  if (status.IsBusy() || status.ToString().find("lock") != std::string::npos) {
    return conflict(text);
  }
  return unavailable(text);  // I/O errors: the operator may repair the disk while we run
}

}  // namespace farm::coordinator
