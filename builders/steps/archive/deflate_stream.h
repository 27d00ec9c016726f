// DeflateStream: one raw deflate stream made of pieces that are compressed beside each other, each
// with the end of the one before as its dictionary. Body of gzip files and of zip members.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "builders/steps/archive/compressor.h"

namespace farm::builders::archive {

class DeflateStream {
 public:
  DeflateStream(int level, ByteOut out) : level_(level), work_(std::move(out)) {}
  Result<void> write(std::string_view bytes);
  Result<void> finish();
  /// Of everything written; valid after finish().
  uint32_t checksum() const { return checksum_; }
  uint64_t size() const { return size_; }

 private:
  Result<void> send(bool last);

  int level_;
  OrderedWork work_;
  std::string piece_;
  std::string dictionary_;
  uint32_t checksum_ = 0;
  uint64_t size_ = 0;
};

}  // namespace farm::builders::archive
