#include "common/transfer/uploader.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "common/io/digests.h"

namespace farm::transfer {
namespace {

std::string raw_sha256(std::string_view bytes) {
  io::Digest digest(io::DigestKind::Sha256);
  digest.update(bytes);
  return digest.finish();
}

// Reads up to `size` bytes at `offset`; fewer only at the end of the file.
Result<std::string> read_at(int fd, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(fd, bytes.data() + have, size - have,
                                static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", errno);
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Result<FileDigests> digest_fd(int fd, const CancelToken& cancel) {
  FileDigests digests;
  io::Digest whole(io::DigestKind::Sha256);
  while (true) {
    TRY(cancel.check());
    const std::string piece = TRY(read_at(fd, digests.size, kChunkSize));
    if (piece.empty()) break;
    whole.update(piece);
    digests.chunks.push_back(raw_sha256(piece));
    digests.size += piece.size();
    if (piece.size() < kChunkSize) break;
  }
  digests.sha256 = whole.finish_hex();
  return digests;
}

Result<io::Fd> open_file(const std::string& path) {
  io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_error("open " + path, errno);
  return file;
}

}  // namespace

Result<FileDigests> digest_chunks(const std::string& path, const CancelToken& cancel) {
  const io::Fd file = TRY(open_file(path));
  Result<FileDigests> digests = digest_fd(file.get(), cancel);
  if (!digests) return std::move(digests).error().within(path);
  return digests;
}

Result<Uploader> Uploader::open(const RequestId& upload, const wire::JobRef& ref,
                                const std::string& path, const std::string& name,
                                const CancelToken& cancel) {
  Uploader uploader;
  uploader.upload_ = upload;
  uploader.ref_ = ref;
  uploader.name_ = name;
  uploader.file_ = TRY(open_file(path));
  Result<FileDigests> digests = digest_fd(uploader.file_.get(), cancel);
  if (!digests) return std::move(digests).error().within(path);
  uploader.digests_ = std::move(*digests);
  return uploader;
}

wire::UploadBegin Uploader::begin() const {
  wire::UploadBegin begin;
  begin.upload = upload_;
  begin.ref = ref_;
  begin.path = name_;
  begin.size = digests_.size;
  begin.chunk_size = kChunkSize;
  begin.sha256 = digests_.sha256;
  begin.chunks = digests_.chunks;
  return begin;
}

Result<void> Uploader::need(const wire::UploadNeed& answer) {
  for (const uint32_t index : answer.missing) {
    if (index >= digests_.chunks.size()) {
      return invalid_input(name_ + ": the coordinator asks for a chunk that does not exist");
    }
  }
  missing_ = answer.missing;
  position_ = 0;
  credit_ = answer.credit;
  asked_ = true;
  return {};
}

uint64_t Uploader::chunk_bytes(uint32_t index) const {
  return std::min(kChunkSize, digests_.size - index * kChunkSize);
}

uint64_t Uploader::bytes_to_send() const {
  uint64_t bytes = 0;
  for (const uint32_t index : missing_) bytes += chunk_bytes(index);
  return bytes;
}

Result<std::optional<wire::UploadChunk>> Uploader::next() {
  if (!asked_ || position_ == missing_.size()) return std::optional<wire::UploadChunk>();
  const uint32_t index = missing_[position_];
  const uint64_t size = chunk_bytes(index);
  if (credit_ < size) return std::optional<wire::UploadChunk>();
  wire::UploadChunk chunk;
  chunk.upload = upload_;
  chunk.index = index;
  chunk.digest = digests_.chunks[index];
  chunk.bytes = TRY(read_at(file_.get(), index * kChunkSize, size));
  if (chunk.bytes.size() != size) {
    return conflict(name_ + " became shorter while it was uploaded");
  }
  credit_ -= size;
  sent_ += size;
  ++position_;
  return std::optional(std::move(chunk));
}

wire::UploadEnd Uploader::end() const { return {upload_, digests_.sha256, digests_.chunks}; }

}  // namespace farm::transfer
