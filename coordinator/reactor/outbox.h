// Outbox: no message leaves before everything that was decided up to it is durable. Collects the
// batch of the round, hands it to the committer when that is idle, and releases messages in order.
// A batch that fails is the end: what is not durable by then is dropped and never said.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "coordinator/reactor/committer.h"
#include "coordinator/fleet/transport.h"

namespace farm::coordinator {

class Outbox {
 public:
  explicit Outbox(Committer& committer) : committer_(committer) {}

  /// Adds to the batch that is being formed.
  Batch& batch() { return forming_; }
  /// To be sent once the batch being formed, and all before it, are durable.
  void send(Peer to, wire::Message message);

  /// Starts the next batch if the committer is idle; takes its outcome. The messages that may leave
  /// now, in order.
  std::vector<Outgoing> advance();

  /// Why nothing becomes durable any more; nullptr while all is well.
  const Error* trouble() const { return trouble_ ? &*trouble_ : nullptr; }
  /// After a failure: the messages that were never said, for those who wait for them.
  std::vector<Outgoing> take_unsaid() { return std::exchange(unsaid_, {}); }
  size_t waiting() const { return waiting_.size(); }
  /// Numbers of the batch being formed and of the last durable one.
  uint64_t forming() const { return forming_number_; }
  uint64_t durable() const { return durable_; }

 private:
  struct Waiting {
    uint64_t batch;  // number of the batch it waits for
    Outgoing outgoing;
  };
  void start();
  void give_up(Error error);

  Committer& committer_;
  Batch forming_;
  uint64_t forming_number_ = 1;
  uint64_t durable_ = 0;
  std::deque<Waiting> waiting_;
  std::optional<Error> trouble_;
  std::vector<Outgoing> unsaid_;
};

}  // namespace farm::coordinator
