// Uploader: one file on its way to the coordinator: "which of these chunks do you lack?", so that
// resuming and deduplication are the same step. Agents upload artifacts with it, farmctl bundles.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/result.h"
#include "common/io/fd.h"
#include "common/wire/message.h"

namespace farm::transfer {

inline constexpr uint64_t kChunkSize = 1U << 20;

/// Digests of a file, made in one pass.
struct FileDigests {
  uint64_t size = 0;
  std::string sha256;               // hex, of the whole file
  std::vector<std::string> chunks;  // 32 raw bytes each
};
Result<FileDigests> digest_chunks(const std::string& path, const CancelToken& cancel);

class Uploader {
 public:
  /// Opens and hashes `path`; `name` is what the coordinator calls the file.
  static Result<Uploader> open(const RequestId& upload, const wire::JobRef& ref,
                               const std::string& path, const std::string& name,
                               const CancelToken& cancel);

  const RequestId& id() const { return upload_; }
  const FileDigests& digests() const { return digests_; }
  wire::UploadBegin begin() const;
  /// InvalidInput: the answer names chunks that do not exist.
  Result<void> need(const wire::UploadNeed& answer);
  void credit(const wire::UploadCredit& credit) { credit_ += credit.bytes; }
  /// The next chunk, as far as credit allows; empty: wait for credit, or all_sent().
  /// Conflict: the file changed since it was hashed.
  Result<std::optional<wire::UploadChunk>> next();
  bool all_sent() const { return asked_ && position_ == missing_.size(); }
  wire::UploadEnd end() const;
  uint64_t bytes_sent() const { return sent_; }
  uint64_t bytes_to_send() const;

 private:
  Uploader() = default;
  uint64_t chunk_bytes(uint32_t index) const;
  RequestId upload_;
  wire::JobRef ref_;
  std::string name_;
  io::Fd file_;
  FileDigests digests_;
  bool asked_ = false;
  std::vector<uint32_t> missing_;
  size_t position_ = 0;
  uint64_t credit_ = 0;
  uint64_t sent_ = 0;
};

}  // namespace farm::transfer
