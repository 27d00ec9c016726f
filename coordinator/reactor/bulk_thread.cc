#include "coordinator/reactor/bulk_thread.h"

#include <array>
#include <chrono>

#include "common/base/log.h"
#include "common/wire/codec.h"
#include "coordinator/reactor/doors.h"

namespace farm::coordinator {
namespace {

constexpr int kMessagesPerTurn = 64;
constexpr size_t kMaxQueued = 256;  // per reader, before it is dropped
constexpr Duration kPoll = std::chrono::milliseconds(100);
constexpr Duration kRetry = std::chrono::milliseconds(10);  // while a reader's queue is full

}  // namespace

class BulkThread::Loop final : public Transport {
 public:
  Loop(Store& store, ChunkStore& chunks, KeeperPolicy policy, const Clock& clock,
       MakeBackup make_backup, Channel<ToBulk>& orders, Channel<FromBulk>& reports)
      : files_(store),
        keeper_(store, chunks, policy),
        uploads_(keeper_),
        downloads_(files_, keeper_),
        clock_(clock),
        make_backup_(std::move(make_backup)),
        orders_(orders),
        reports_(reports) {}

  void turn() {
    const bool transfers = downloads_.work(*this) | take_upload_turn();
    const bool busy = transfers || look_after_chunks();
    retry_queued();
    const bool stuck = !unreported_.empty() || !queues_.empty();
    const Duration wait = busy ? Duration::zero() : stuck ? kRetry : kPoll;
    std::vector<const net::ZmqSocket*> sockets;
    for (const std::optional<net::Router>& socket : sockets_) {
      if (socket) sockets.push_back(&*socket);
    }
    net::poll_readable(sockets, {orders_.fd()}, wait);
    take_orders();
    for (size_t door = 0; door < kDoors; ++door) receive(door);
    report_waiting();
    const Instant now = clock_.now();
    if (now - swept_ > std::chrono::minutes(1)) {
      swept_ = now;
      uploads_.expire(now);
      downloads_.expire(now);
    }
  }

  Result<void> send(const Outgoing& outgoing) override {
    if (queues_.count(outgoing.to) != 0) return timed_out("the reader is behind");
    return put(outgoing);
  }

 private:
  Result<void> put(const Outgoing& outgoing) {
    const size_t door = routing_door(outgoing.to.routing);
    if (door == kDoors || !sockets_[door]) return unavailable("the peer's endpoint is closed");
    return sockets_[door]->send(bare_routing(outgoing.to.routing),
                                wire::encode(outgoing.message));
  }

  void receive(size_t door) {
    // With reports waiting the reactor is behind: reading more would only queue more.
    for (int i = 0; i < kMessagesPerTurn && unreported_.empty() && sockets_[door]; ++i) {
      std::optional<net::Received> received = sockets_[door]->receive();
      if (!received) break;
      take_frame(door, std::move(*received));
      report_waiting();
    }
  }

  bool look_after_chunks() {
    FilesDamaged damaged;
    const bool more = keeper_.work(clock_.now(), damaged.files);
    if (!damaged.files.empty()) report(std::move(damaged));
    return more;
  }

  bool take_upload_turn() {
    answer(uploads_.work());
    return uploads_.busy();
  }

  void answer(UploadDesk::Turn turn) {
    for (Outgoing& reply : turn.replies) {
      const auto* done = std::get_if<wire::UploadDone>(&reply.message);
      if (done != nullptr && !done->ok && done->error.code != ErrorCode::Unavailable) {
        report(TurnedAway{reply.to, "upload", done->error});
      }
      deliver(std::move(reply));
    }
    for (UploadDesk::Finished& finished : turn.finished) report(std::move(finished));
  }

  /// Sends or queues: what the reactor decided must reach a reader that is only slow.
  void deliver(Outgoing outgoing) {
    const auto queue = queues_.find(outgoing.to);
    if (queue != queues_.end()) {
      if (queue->second.size() < kMaxQueued) queue->second.push_back(std::move(outgoing));
      return;
    }
    const Result<void> sent = send(outgoing);
    if (sent || sent.error().code != ErrorCode::Timeout) return;
    report(ReaderState{outgoing.to, true});
    const Peer peer = outgoing.to;
    queues_[peer].push_back(std::move(outgoing));
  }

  void retry_queued() {
    for (auto it = queues_.begin(); it != queues_.end();) {
      bool full = false;
      while (!it->second.empty() && !full) {
        const Result<void> sent = put(it->second.front());
        full = !sent && sent.error().code == ErrorCode::Timeout;
        if (!full) it->second.pop_front();
      }
      if (full) {
        ++it;
        continue;
      }
      report(ReaderState{it->first, false});
      it = queues_.erase(it);
    }
  }

  void take_orders() {
    while (std::optional<ToBulk> order = orders_.receive()) {
      if (auto* outgoing = std::get_if<Outgoing>(&*order)) {
        deliver(std::move(*outgoing));
      } else if (auto* admit = std::get_if<Admit>(&*order)) {
        begin(admit->incoming);
      } else if (auto* drop = std::get_if<DropUser>(&*order)) {
        uploads_.drop_user(drop->user);
        downloads_.drop_user(drop->user);
      } else if (auto* add = std::get_if<AddDoor>(&*order)) {
        sockets_[add->door] = std::move(add->socket);
      } else if (const auto* gone = std::get_if<DropDoor>(&*order)) {
        sockets_[gone->door].reset();
      } else if (auto* backup = std::get_if<BackupOrder>(&*order)) {
        Result<std::string> directory = make_backup_(backup->name);
        report(BackupMade{std::move(*backup), std::move(directory)});
      }
    }
  }

  void begin(const Incoming& incoming) {
    if (const auto* upload = std::get_if<wire::UploadBegin>(&incoming.message)) {
      answer(uploads_.begin(incoming.from, *upload, clock_.now()));
    } else if (const auto* fetch = std::get_if<wire::FetchBegin>(&incoming.message)) {
      downloads_.begin(incoming.from, *fetch, clock_.now(), *this);
    }
  }

  void take_frame(size_t door, net::Received received) {
    const Peer peer{Lane::Bulk, door_routing(door, received.routing_id),
                    std::move(received.user_id)};
    Result<wire::Message> message = wire::decode(received.frame);
    if (!message) {
      report(TurnedAway{peer, "frame", message.error()});
      deliver({peer, wire::ProtocolError{std::move(message).error()}});
      return;
    }
    // Chunks and credits belong to transfers that the reactor has admitted for this user.
    if (const auto* chunk = std::get_if<wire::UploadChunk>(&*message)) {
      answer(uploads_.chunk(peer, *chunk, clock_.now()));
    } else if (const auto* end = std::get_if<wire::UploadEnd>(&*message)) {
      answer(uploads_.end(peer, *end, clock_.now()));
    } else if (const auto* credit = std::get_if<wire::FetchCredit>(&*message)) {
      downloads_.credit(peer, *credit, clock_.now());
    } else {
      report(Incoming{peer, *std::move(message)});
    }
  }

  void report(FromBulk report) { unreported_.push_back(std::move(report)); }
  void report_waiting() {
    while (!unreported_.empty()) {
      FromBulk copy = unreported_.front();  // try_send takes its argument also when it is full
      if (!reports_.try_send(std::move(copy))) return;
      unreported_.pop_front();
    }
  }

  std::array<std::optional<net::Router>, kDoors> sockets_;
  FileIndex files_;
  ChunkKeeper keeper_;
  UploadDesk uploads_;
  DownloadDesk downloads_;
  const Clock& clock_;
  MakeBackup make_backup_;
  Channel<ToBulk>& orders_;
  Channel<FromBulk>& reports_;
  std::deque<FromBulk> unreported_;
  std::map<Peer, std::deque<Outgoing>> queues_;  // of readers that are behind
  Instant swept_{};
};

BulkThread::BulkThread(Store& store, ChunkStore& chunks, KeeperPolicy policy, const Clock& clock,
                       MakeBackup make_backup) {
  loop_ = std::make_unique<Loop>(store, chunks, policy, clock, std::move(make_backup),
                                 to_bulk_, from_bulk_);
  thread_ = std::thread([this] {
    while (!stop_) loop_->turn();
  });
}

BulkThread::~BulkThread() {
  stop_ = true;
  thread_.join();
}

}  // namespace farm::coordinator
