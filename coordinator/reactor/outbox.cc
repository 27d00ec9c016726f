#include "coordinator/reactor/outbox.h"

#include "common/base/log.h"

namespace farm::coordinator {

void Outbox::send(Peer to, wire::Message message) {
  // With nothing to write in this round it waits for the last round that had something.
  const uint64_t number = forming_.empty() ? forming_number_ - 1 : forming_number_;
  waiting_.push_back({number, {std::move(to), std::move(message)}});
}

void Outbox::start() {
  if (!committer_.idle() || forming_.empty()) return;
  committer_.start(std::exchange(forming_, {}));
  ++forming_number_;
}

void Outbox::give_up(Error error) {
  log::error("the store cannot be written; nothing is decided any more",
             {{"error", error.message}});
  trouble_ = std::move(error);
  for (Waiting& one : waiting_) unsaid_.push_back(std::move(one.outgoing));
  waiting_.clear();
  forming_ = {};
}

std::vector<Outgoing> Outbox::advance() {
  if (trouble_) return {};
  start();
  while (std::optional<Result<void>> outcome = committer_.poll()) {
    if (!*outcome) {
      give_up(std::move(*outcome).error());
      return {};
    }
    durable_ = forming_number_ - 1;
    start();
  }
  std::vector<Outgoing> ready;
  while (!waiting_.empty() && waiting_.front().batch <= durable_) {
    ready.push_back(std::move(waiting_.front().outgoing));
    waiting_.pop_front();
  }
  return ready;
}

}  // namespace farm::coordinator
