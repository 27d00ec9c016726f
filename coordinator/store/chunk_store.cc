#include "coordinator/store/chunk_store.h"

#include <algorithm>

#include "common/io/digests.h"

namespace farm::coordinator {

std::string chunk_digest(std::string_view bytes) {
  io::Digest digest(io::DigestKind::Sha256);
  digest.update(bytes);
  return digest.finish();
}

std::string zero_digest(uint64_t size) {
  static constexpr size_t kBlock = 64 * 1024;
  const std::string zeros(kBlock, '\0');
  io::Digest digest(io::DigestKind::Sha256);
  for (uint64_t left = size; left > 0;) {
    const size_t step = static_cast<size_t>(std::min<uint64_t>(left, kBlock));
    digest.update(std::string_view(zeros).substr(0, step));
    left -= step;
  }
  return digest.finish();
}

Result<bool> MemoryChunkStore::has(const std::string& digest) {
  return chunks_.count(digest) != 0;
}

Result<void> MemoryChunkStore::put(const std::string& digest, std::string_view bytes) {
  chunks_.insert_or_assign(digest, std::string(bytes));
  return {};
}

Result<std::string> MemoryChunkStore::get(const std::string& digest) {
  const auto it = chunks_.find(digest);
  if (it == chunks_.end()) return not_found("chunk " + io::hex_text(digest) + " is not stored");
  if (chunk_digest(it->second) != digest) {
    return corrupt("chunk " + io::hex_text(digest) + " is damaged");
  }
  return it->second;
}

Result<void> MemoryChunkStore::remove(const std::string& digest) {
  chunks_.erase(digest);
  return {};
}

Result<std::vector<std::string>> MemoryChunkStore::list_after(const std::string& digest,
                                                              size_t limit) {
  std::vector<std::string> list;
  for (auto it = chunks_.upper_bound(digest); it != chunks_.end() && list.size() < limit; ++it) {
    list.push_back(it->first);
  }
  return list;
}

}  // namespace farm::coordinator
