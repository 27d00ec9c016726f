// Outbox: no message leaves before everything that was decided up to it is durable. Collects the
// batch of the round, hands it to the committer when that is idle, and releases messages in order.
#pragma once

#include <deque>
#include <vector>

#include "common/base/clock.h"
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
  std::vector<Outgoing> advance(Instant now);

  /// Why nothing becomes durable at present; nullptr while all is well.
  const Error* trouble() const { return trouble_ ? &*trouble_ : nullptr; }
  /// When a failed batch is tried again.
  std::optional<Instant> retry_at() const;
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    uint64_t batch;  // number of the batch it waits for
    Outgoing outgoing;
  };
  void start(Instant now);

  Committer& committer_;
  Batch forming_;
  Batch in_flight_;  // kept until it is durable, to be tried again
  bool flying_ = false;
  uint64_t forming_number_ = 1;
  uint64_t durable_ = 0;
  std::deque<Waiting> waiting_;
  std::optional<Error> trouble_;
  Instant retry_at_{};
};

}  // namespace farm::coordinator
