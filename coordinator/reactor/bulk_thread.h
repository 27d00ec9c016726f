// BulkThread: owns the bulk socket and the bytes: hashing, chunk store, uploads, downloads. It asks
// the reactor who may do what and gives it whole files to record, so that heartbeats and decisions
// never wait behind a disk image.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <variant>

#include "common/base/channel.h"
#include "common/base/clock.h"
#include "common/net/zmq/socket.h"
#include "coordinator/artifacts/chunk_keeper.h"
#include "coordinator/artifacts/download_desk.h"
#include "coordinator/artifacts/upload_desk.h"
#include "coordinator/reactor/service.h"

namespace farm::coordinator {

/// To the reactor: a message it decides on, a whole file, or that a reader fell behind or caught up.
struct ReaderState {
  Peer peer;
  bool behind = false;
};
struct BackupMade {
  BackupOrder order;
  Result<std::string> directory;
};
struct FilesDamaged {
  std::vector<std::string> files;  // SHA-256
};
struct TurnedAway {
  Peer peer;
  std::string what;
  Error error;
};
using FromBulk = std::variant<Incoming, UploadDesk::Finished, ReaderState, BackupMade, FilesDamaged,
                              TurnedAway>;

/// From the reactor.
struct Admit {  // the upload or download may begin
  Incoming incoming;
};
struct DropUser {
  std::string user;
};
struct AddDoor {  // one more socket to serve (doors.h)
  size_t door;
  net::Router socket;
};
struct DropDoor {
  size_t door;
};
using ToBulk = std::variant<Outgoing, Admit, DropUser, BackupOrder, AddDoor, DropDoor>;

/// Makes a backup of that name; its directory. Called on the bulk thread, which owns the bytes.
using MakeBackup = std::function<Result<std::string>(const std::string& name)>;

class BulkThread {
 public:
  /// Serves nobody before an AddDoor.
  BulkThread(Store& store, ChunkStore& chunks, KeeperPolicy policy, const Clock& clock,
             MakeBackup make_backup);
  ~BulkThread();
  BulkThread(const BulkThread&) = delete;
  BulkThread& operator=(const BulkThread&) = delete;

  /// Never blocks; false when the thread is behind.
  bool tell(ToBulk message) { return to_bulk_.try_send(std::move(message)); }
  std::optional<FromBulk> receive() { return from_bulk_.receive(); }
  /// Readable while receive() has something.
  int fd() const { return from_bulk_.fd(); }

 private:
  class Loop;
  Channel<ToBulk> to_bulk_{512};
  Channel<FromBulk> from_bulk_{512};
  std::atomic<bool> stop_{false};
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace farm::coordinator
