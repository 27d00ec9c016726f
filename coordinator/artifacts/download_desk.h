// DownloadDesk: gives out stored files by digest, as fast as the receiver grants credit. Every
// chunk is hashed as it is read: a bad one never leaves the store. Owner thread: bulk.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "coordinator/artifacts/file_index.h"
#include "coordinator/fleet/transport.h"
#include "coordinator/store/chunk_store.h"

namespace farm::coordinator {

class DownloadDesk {
 public:
  DownloadDesk(FileIndex& files, ChunkStore& chunks) : files_(files), chunks_(chunks) {}

  void begin(const Peer& peer, const wire::FetchBegin& begin, Instant now, Transport& out);
  void credit(const Peer& peer, const wire::FetchCredit& credit, Instant now);
  /// Sends what credit and the receivers' queues allow, a bounded amount; true while more could be
  /// sent at once.
  bool work(Transport& out);
  void expire(Instant now);
  void drop_user(const std::string& user);
  size_t open() const { return downloads_.size(); }

 private:
  using Key = std::pair<std::string, RequestId>;
  struct Download {
    Peer peer;
    StoredFile file;
    uint64_t offset = 0;
    uint64_t credit = 0;
    Instant heard{};
    size_t cached_index = SIZE_MAX;  // chunk that `cached` holds
    std::string cached;
  };
  enum class Sent : uint8_t { Some, Nothing, Done };

  Result<std::string> piece(Download& download, size_t max_bytes);
  Sent send_one(const RequestId& id, Download& download, Transport& out);

  FileIndex& files_;
  ChunkStore& chunks_;
  std::map<Key, Download> downloads_;
};

}  // namespace farm::coordinator
