// Downloader: one stored file on its way from the coordinator to the disk: resumes a partial file,
// keeps a window of credit open, checks the SHA-256 before the file gets its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/cancel.h"
#include "common/base/result.h"
#include "common/io/fd.h"
#include "common/wire/message.h"

namespace farm::transfer {

/// Bytes in flight.
inline constexpr uint64_t kFetchWindow = 8U << 20;

class Downloader {
 public:
  /// Writes to `target` + ".part" until everything is there. A partial file of an earlier try is
  /// continued.
  static Result<Downloader> open(const RequestId& fetch, const std::string& sha256,
                                 const std::string& target, uint32_t mode);
  const RequestId& id() const { return fetch_; }
  wire::FetchBegin begin() const;
  /// Takes a piece; the answer is the credit to give back. Corrupt: pieces out of order.
  Result<wire::FetchCredit> data(const wire::FetchData& piece);
  bool complete() const { return complete_; }
  /// Verifies, syncs and renames. Corrupt: the digest is wrong; the partial file is removed.
  Result<void> finish(const CancelToken& cancel);
  uint64_t bytes_done() const { return offset_; }
  uint64_t bytes_total() const { return size_; }

 private:
  Downloader() = default;
  RequestId fetch_;
  std::string sha256_;
  std::string target_;
  std::string partial_;
  uint32_t mode_ = 0644;
  io::Fd file_;
  uint64_t offset_ = 0;
  uint64_t size_ = 0;
  bool complete_ = false;
};

}  // namespace farm::transfer
