#include "agent/link/zmq_link.h"

#include "common/base/log.h"
#include "common/io/fd.h"
#include "common/wire/codec.h"

namespace farm::agent {
namespace {

constexpr Duration kEnrollLimit = std::chrono::seconds(15);

std::optional<wire::Message> decoded(const std::string& frame) {
  Result<wire::Message> message = wire::decode(frame);
  if (message) return *std::move(message);
  log::warn("unreadable frame from the coordinator", {{"error", message.error().message}});
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<ZmqLink>> ZmqLink::open(net::ZmqContext& context,
                                               const LinkAddress& address,
                                               const net::CurveKeys& keys) {
  net::Dealer control =
      TRY(net::Dealer::connect(context, address.control, address.server_key, keys));
  net::Dealer bulk = TRY(net::Dealer::connect(context, address.bulk, address.server_key, keys));
  return std::unique_ptr<ZmqLink>(new ZmqLink(std::move(control), std::move(bulk)));
}

Result<void> ZmqLink::reopen(net::ZmqContext& context, const LinkAddress& address,
                             const net::CurveKeys& keys) {
  net::Dealer control =
      TRY(net::Dealer::connect(context, address.control, address.server_key, keys));
  net::Dealer bulk = TRY(net::Dealer::connect(context, address.bulk, address.server_key, keys));
  control_ = std::move(control);
  bulk_ = std::move(bulk);
  return {};
}

bool ZmqLink::send(Lane lane, const wire::Message& message) {
  net::Dealer& dealer = lane == Lane::Control ? control_ : bulk_;
  const Result<void> sent = dealer.send(wire::encode(message));
  if (sent) return true;
  log::debug("message waits", {{"message", wire::message_name(message)},
                               {"why", sent.error().message}});
  return false;
}

std::optional<wire::Message> ZmqLink::receive() {
  for (net::Dealer* dealer : {&control_, &bulk_}) {
    while (std::optional<net::Received> received = dealer->receive()) {
      if (std::optional<wire::Message> message = decoded(received->frame)) return message;
    }
  }
  return std::nullopt;
}

ZmqLink::Change ZmqLink::change() {
  Change last = Change::None;
  for (const net::Dealer::Link event : control_.link_events()) {
    if (event == net::Dealer::Link::Connected) last = Change::Connected;
    if (event == net::Dealer::Link::Disconnected) last = Change::Disconnected;
    if (event == net::Dealer::Link::Refused) {
      log::error("the coordinator does not accept this agent's key; is it enrolled?");
    }
  }
  return last;
}

void ZmqLink::wait(const std::vector<int>& descriptors, Duration timeout) {
  net::poll_readable({&control_, &bulk_}, descriptors, timeout);
}

Result<wire::EnrollReply> enroll(net::ZmqContext& context, const std::string& endpoint,
                                 const std::string& server_key, const net::CurveKeys& keys,
                                 wire::Enroll request) {
  net::Dealer dealer = TRY(net::Dealer::connect(context, endpoint, server_key, keys));
  request.public_key = keys.public_key;
  TRY(dealer.send(wire::encode(request)));
  const Instant deadline = io::steady_now() + kEnrollLimit;
  while (io::steady_now() < deadline) {
    net::poll_readable({&dealer}, {}, deadline - io::steady_now());
    const std::optional<net::Received> received = dealer.receive();
    if (!received) continue;
    wire::Message message = TRY(wire::decode(received->frame));
    if (const auto* refused = std::get_if<wire::ProtocolError>(&message)) return refused->error;
    wire::EnrollReply* reply = std::get_if<wire::EnrollReply>(&message);
    if (reply == nullptr) return corrupt("the enrolment was answered by something else");
    if (reply->error) return *reply->error;
    return std::move(*reply);
  }
  return unavailable("no answer from " + endpoint + " within 15 s");
}

}  // namespace farm::agent
