// UploadDesk: takes in files chunk by chunk. "Which of these do you lack?" makes resume and
// deduplication the same step; a file counts only when every chunk is durable and the whole hashes
// to what was promised. Owner thread: bulk.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/io/digests.h"
#include "coordinator/artifacts/file_index.h"
#include "coordinator/fleet/transport.h"
#include "coordinator/store/chunk_store.h"

namespace farm::coordinator {

class UploadDesk {
 public:
  /// A file that is whole and durable in the chunk store; its record and the UploadDone are still
  /// to be written and sent by the reactor.
  struct Finished {
    Peer peer;
    RequestId upload;
    std::string sha256;
    StoredFile file;
  };
  struct Turn {
    std::vector<Outgoing> replies;
    std::vector<Finished> finished;
  };

  explicit UploadDesk(ChunkStore& chunks) : chunks_(chunks) {}

  /// The peer may upload. A second begin of the same upload replaces the first.
  Turn begin(const Peer& peer, const wire::UploadBegin& begin, Instant now);
  Turn chunk(const Peer& peer, const wire::UploadChunk& chunk, Instant now);
  Turn end(const Peer& peer, const wire::UploadEnd& end, Instant now);
  /// A bounded part of the pending verification. `busy()` says whether more waits.
  Turn work();
  bool busy() const { return !ready_.empty(); }
  /// Forgets uploads of which nothing was heard for long; they can be resumed by a new begin.
  void expire(Instant now);
  void drop_user(const std::string& user);
  size_t open() const { return uploads_.size(); }

 private:
  using Key = std::pair<std::string, RequestId>;  // user, upload
  struct Upload {
    Peer peer;
    wire::UploadBegin begin;
    Instant heard{};
    StoredFile file;  // its chunks: as announced, or as they came with UploadEnd
    std::string sha256;
    bool ended = false;  // UploadEnd came
    // The whole is hashed as far as it is here: chunks in turn as they come, others from the store.
    std::set<size_t> awaited;  // asked for, not here yet
    size_t next = 0;           // chunks hashed
    std::unique_ptr<io::Digest> digest;
    bool can_go_on() const {
      return next == file.chunk_count() ? ended : awaited.count(next) == 0;
    }
    std::string bytes;  // of a small file, kept in the index
  };

  static void fail(Turn& turn, const Peer& peer, const RequestId& upload, Error error);
  void close(Turn& turn, const Key& key, Error error);
  bool is_zero(const std::string& digest, uint64_t size);
  static void restart(Upload& upload, const std::vector<std::string>& chunks);
  static void hash(Upload& upload, std::string_view bytes);
  void schedule(const Key& key, const Upload& upload);
  Result<void> verify_some(Upload& upload);
  Result<std::string> read(const Upload& upload, size_t index);

  ChunkStore& chunks_;
  std::map<Key, Upload> uploads_;
  std::set<Key> ready_;  // uploads of which something can be hashed, or that are to be finished
  std::map<uint64_t, std::string> zero_digests_;  // by size; few sizes occur
};

}  // namespace farm::coordinator
