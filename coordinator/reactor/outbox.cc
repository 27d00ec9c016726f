#include "coordinator/reactor/outbox.h"

#include "common/base/log.h"

namespace farm::coordinator {
namespace {
constexpr Duration kRetry = std::chrono::seconds(1);
}  // namespace

void Outbox::send(Peer to, wire::Message message) {
  // With nothing to write in this round it waits for the last round that had something.
  const uint64_t number = forming_.empty() ? forming_number_ - 1 : forming_number_;
  waiting_.push_back({number, {std::move(to), std::move(message)}});
}

std::optional<Instant> Outbox::retry_at() const {
  if (!trouble_) return std::nullopt;
  return retry_at_;
}

void Outbox::start(Instant now) {
  if (!committer_.idle() || (trouble_ && now < retry_at_)) return;
  if (!flying_) {
    if (forming_.empty()) return;
    in_flight_ = std::exchange(forming_, {});
    ++forming_number_;
    flying_ = true;
  }
  committer_.start(in_flight_);
}

std::vector<Outgoing> Outbox::advance(Instant now) {
  start(now);
  while (std::optional<Result<void>> outcome = committer_.poll()) {
    if (*outcome) {
      if (trouble_) log::info("store writes again");
      trouble_.reset();
      in_flight_ = {};
      flying_ = false;
      durable_ = forming_number_ - 1;
    } else {
      if (!trouble_) {
        log::error("store cannot be written; read-only until it can",
                   {{"error", outcome->error().message}});
      }
      trouble_ = outcome->error();
      retry_at_ = now + kRetry;
      break;
    }
    start(now);
  }
  std::vector<Outgoing> ready;
  while (!waiting_.empty() && waiting_.front().batch <= durable_) {
    ready.push_back(std::move(waiting_.front().outgoing));
    waiting_.pop_front();
  }
  return ready;
}

}  // namespace farm::coordinator
