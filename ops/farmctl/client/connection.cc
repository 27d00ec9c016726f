#include "ops/farmctl/client/connection.h"

#include <fmt/format.h>

#include "common/wire/codec.h"

namespace farm::farmctl {
namespace {

constexpr Duration kResend = std::chrono::seconds(5);

double seconds_of(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

}  // namespace

Line::Line(net::Dealer dealer, std::string endpoint, std::string origin)
    : dealer_(std::move(dealer)),
      endpoint_(std::move(endpoint)),
      origin_(std::move(origin)),
      opened_(SystemClock().now()) {}

Result<Line> Line::open(net::ZmqContext& context, const std::string& endpoint,
                        const std::string& origin, const std::string& server_key,
                        const net::CurveKeys& keys) {
  net::Dealer dealer = TRY(net::Dealer::connect(context, endpoint, server_key, keys));
  return Line(std::move(dealer), endpoint, origin);
}

Error Line::unreachable(const std::string& why) const {
  const Duration waited = SystemClock().now() - opened_;
  return unavailable(fmt::format(
      "no coordinator at {} ({} after {:.1f}s)\n  tried {}\n"
      "  hint: build here without a farm: farmctl build TEMPLATE",
      endpoint_, why, seconds_of(waited), origin_));
}

Result<void> Line::send(const wire::Message& message) {
  return dealer_.send(wire::encode(message));
}

Result<std::optional<wire::Message>> Line::receive(Instant deadline) {
  const SystemClock clock;
  while (true) {
    if (std::optional<net::Received> received = dealer_.receive()) {
      linked_ = true;
      wire::Message message = TRY(wire::decode(received->frame));
      if (const auto* refusal = std::get_if<wire::ProtocolError>(&message)) return refusal->error;
      return std::optional(std::move(message));
    }
    for (const net::Dealer::Link link : dealer_.link_events()) {
      if (link == net::Dealer::Link::Connected) linked_ = true;
      if (link == net::Dealer::Link::Refused && !linked_) {
        return denied(fmt::format(
            "the coordinator at {} does not accept this key, or is not the one whose key is known "
            "here\n  tried {}\n  fix: farmctl login TOKEN",
            endpoint_, origin_));
      }
      if (link == net::Dealer::Link::Disconnected && !linked_) return unreachable("refused");
    }
    const Instant now = clock.now();
    if (!linked_ && now - opened_ > kConnectLimit) return unreachable("no answer");
    if (now >= deadline) return std::optional<wire::Message>();
    const Duration slice = std::chrono::milliseconds(linked_ ? 200 : 20);
    net::poll_readable({&dealer_}, {}, std::min<Duration>(slice, deadline - now));
  }
}

Connection::Connection(std::unique_ptr<net::ZmqContext> context, ClientConfig config,
                       net::CurveKeys keys, Line control)
    : context_(std::move(context)),
      config_(std::move(config)),
      keys_(std::move(keys)),
      control_(std::move(control)) {}

Result<std::unique_ptr<Connection>> Connection::open(const ClientConfig& config,
                                                     const net::CurveKeys& keys) {
  auto context = std::make_unique<net::ZmqContext>();
  Line control =
      TRY(Line::open(*context, config.control, config.origin, config.server_key, keys));
  return std::unique_ptr<Connection>(
      new Connection(std::move(context), config, keys, std::move(control)));
}

Result<Line*> Connection::bulk() {
  if (!bulk_) {
    bulk_ =
        TRY(Line::open(*context_, config_.bulk, config_.origin, config_.server_key, keys_));
  }
  return &*bulk_;
}

Result<std::string> Connection::ask(const wire::Message& message, const RequestId& request) {
  TRY(control_.send(message));
  const Instant deadline = SystemClock().now() + kAnswerLimit;
  while (true) {
    std::optional<wire::Message> answer = TRY(control_.receive(deadline));
    if (!answer) return timed_out("the coordinator did not answer within 30 s");
    auto* reply = std::get_if<wire::QueryReply>(&*answer);
    if (reply == nullptr || reply->request != request) continue;
    if (reply->error) return *reply->error;
    return std::move(reply->json);
  }
}

Result<std::string> Connection::query(const std::string& what,
                                      std::map<std::string, std::string> arguments) {
  const RequestId request = new_request();
  return ask(wire::Query{request, what, std::move(arguments)}, request);
}

Result<std::string> Connection::command(const std::string& what,
                                        std::map<std::string, std::string> arguments) {
  const RequestId request = new_request();
  return ask(wire::Command{request, what, std::move(arguments)}, request);
}

Result<BuildId> Connection::submit(const wire::Submit& submit) {
  const SystemClock clock;
  const Instant deadline = clock.now() + kAnswerLimit;
  while (clock.now() < deadline) {
    TRY(control_.send(submit));
    const Instant again = clock.now() + kResend;
    while (true) {
      std::optional<wire::Message> answer = TRY(control_.receive(again));
      if (!answer) break;
      const auto* ack = std::get_if<wire::SubmitAck>(&*answer);
      if (ack == nullptr || ack->request != submit.request) continue;
      if (ack->error) return *ack->error;
      return ack->build;
    }
  }
  return timed_out("the coordinator did not take the submit within 30 s; try again, nothing is "
                   "built twice");
}

}  // namespace farm::farmctl
