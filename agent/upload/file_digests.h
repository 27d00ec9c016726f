// Digests of an artifact file for its upload: the whole file's SHA-256 and that of every 1 MiB
// chunk. Taken by the runner at the end of its build, so that the session never blocks on hashing,
// and kept in the lease directory until the upload is done.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/spool/lease_directory.h"
#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::agent {

inline constexpr uint64_t kUploadChunk = 1U << 20;

struct FileDigests {
  uint64_t size = 0;
  std::string sha256;               // hex, of the whole file
  std::vector<std::string> chunks;  // 32 bytes each
};

Result<FileDigests> hash_for_upload(const std::string& path, const CancelToken& cancel);
/// Beside the lease's other files, by the whole file's digest.
Result<void> save_digests(const LeaseDirectory& lease, const FileDigests& digests);
Result<std::vector<std::string>> load_chunk_digests(const LeaseDirectory& lease,
                                                    const std::string& sha256);

}  // namespace farm::agent
