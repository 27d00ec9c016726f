// DiskProbe: waits for a disk that failed. A thread writes and syncs a file in the store's directory
// once a second until that works, with as much room as opening the store again will need.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::coordinator {

class DiskProbe {
 public:
  /// Probes the disk of `directory`, which holds the ledger of a RocksStore.
  static Result<std::unique_ptr<DiskProbe>> start(const std::string& directory);
  DiskProbe(const DiskProbe&) = delete;
  DiskProbe& operator=(const DiskProbe&) = delete;
  ~DiskProbe();

  /// Readable once the disk takes writes; the thread has then ended.
  int fd() const { return well_.get(); }

 private:
  DiskProbe(io::Fd stop, io::Fd well) : stop_(std::move(stop)), well_(std::move(well)) {}
  io::Fd stop_;
  io::Fd well_;
  std::thread thread_;
};

}  // namespace farm::coordinator
