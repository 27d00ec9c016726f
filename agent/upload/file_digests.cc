#include "agent/upload/file_digests.h"

#include <fcntl.h>

#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

constexpr size_t kDigestBytes = 32;

std::string chunks_file(const LeaseDirectory& lease, const std::string& sha256) {
  return lease.file("chunks-" + sha256);
}

// A whole chunk unless the file ends.
Result<size_t> read_chunk(int fd, std::string& buffer) {
  size_t have = 0;
  while (have < buffer.size()) {
    const size_t got = TRY(io::read_some(fd, buffer.data() + have, buffer.size() - have));
    if (got == 0) break;
    have += got;
  }
  return have;
}

}  // namespace

Result<FileDigests> hash_for_upload(const std::string& path, const CancelToken& cancel) {
  const io::Fd file = TRY(io::open_file(path, O_RDONLY));
  FileDigests digests;
  io::Digest whole(io::DigestKind::Sha256);
  std::string buffer(kUploadChunk, '\0');
  while (true) {
    TRY(cancel.check());
    const size_t got = TRY(read_chunk(file.get(), buffer));
    if (got == 0) break;
    const std::string_view bytes = std::string_view(buffer).substr(0, got);
    whole.update(bytes);
    io::Digest chunk(io::DigestKind::Sha256);
    chunk.update(bytes);
    digests.chunks.push_back(chunk.finish());
    digests.size += got;
  }
  digests.sha256 = whole.finish_hex();
  return digests;
}

Result<void> save_digests(const LeaseDirectory& lease, const FileDigests& digests) {
  std::string bytes;
  for (const std::string& chunk : digests.chunks) bytes += chunk;
  return io::write_file_atomic(chunks_file(lease, digests.sha256), bytes, 0600);
}

Result<std::vector<std::string>> load_chunk_digests(const LeaseDirectory& lease,
                                                    const std::string& sha256) {
  const std::string bytes = TRY(io::read_file(chunks_file(lease, sha256)));
  if (bytes.size() % kDigestBytes != 0) return corrupt("chunk digests of " + sha256);
  std::vector<std::string> chunks;
  for (size_t at = 0; at < bytes.size(); at += kDigestBytes) {
    chunks.push_back(bytes.substr(at, kDigestBytes));
  }
  return chunks;
}

}  // namespace farm::agent
