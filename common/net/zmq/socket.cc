#include "common/net/zmq/socket.h"

#include <cerrno>
#include <cstring>
#include <deque>
#include <zmq.hpp>

namespace farm::net {
namespace {

using std::chrono::milliseconds;

// A dead peer is noticed within these; libzmq answers heartbeats in its I/O thread.
constexpr milliseconds kHeartbeat{5'000};
constexpr milliseconds kHeartbeatTimeout{15'000};
constexpr milliseconds kHandshake{10'000};
constexpr milliseconds kLinger{500};
constexpr milliseconds kGiveUpWait{2'000};  // before a line that libzmq gave up is made anew
constexpr size_t kMaxLinks = 64;
constexpr int64_t kMaxMessage = 17LL << 20;

int count_of(milliseconds duration) { return static_cast<int>(duration.count()); }

void set_common(zmq::socket_t& socket, int high_water) {
  socket.set(zmq::sockopt::linger, count_of(kLinger));
  socket.set(zmq::sockopt::sndhwm, high_water);
  socket.set(zmq::sockopt::rcvhwm, high_water);
  socket.set(zmq::sockopt::heartbeat_ivl, count_of(kHeartbeat));
  socket.set(zmq::sockopt::heartbeat_timeout, count_of(kHeartbeatTimeout));
  socket.set(zmq::sockopt::heartbeat_ttl, count_of(kHeartbeatTimeout));
  socket.set(zmq::sockopt::handshake_ivl, count_of(kHandshake));
  socket.set(zmq::sockopt::maxmsgsize, kMaxMessage);
  socket.set(zmq::sockopt::ipv6, true);
}

zmq::context_t& context_of(const ZmqContext& context) {
  return *static_cast<zmq::context_t*>(context.handle());
}

// "tcp://[::ffff:127.0.0.1]:7440" -> "tcp://127.0.0.1:7440": a dual-stack socket names an IPv4
// address so, and people read it.
std::string plain_endpoint(std::string endpoint) {
  constexpr std::string_view kMapped = "[::ffff:";
  const size_t at = endpoint.find(kMapped);
  const size_t end = endpoint.find(']', at == std::string::npos ? 0 : at);
  if (at == std::string::npos || end == std::string::npos) return endpoint;
  endpoint.erase(end, 1);
  endpoint.erase(at, kMapped.size());
  return endpoint;
}

Error zmq_failure(const std::string& what, const zmq::error_t& error) {
  const bool busy = error.num() == EADDRINUSE;
  return {busy ? ErrorCode::Unavailable : ErrorCode::InvalidInput, what + ": " + error.what(),
          busy};
}

}  // namespace

struct ZmqContext::State {
  explicit State(int threads) : context(threads) {}
  zmq::context_t context;
};

ZmqContext::ZmqContext(int io_threads) : state_(std::make_unique<State>(io_threads)) {
  state_->context.set(zmq::ctxopt::max_sockets, 16'000);
}
ZmqContext::~ZmqContext() = default;
void* ZmqContext::handle() const { return &state_->context; }

struct ZmqSocket::State {
  zmq::socket_t socket;
  std::string endpoint;
  zmq::socket_t monitor;  // Dealer: pair end of the monitor
  std::deque<Dealer::Link> links;  // read from it and not asked for yet; the newest few
  std::optional<Instant> given_up;  // since when libzmq has not said that it tries again

  /// libzmq's I/O thread blocks for good when nobody reads its events (a peer that goes away often
  /// enough would stop all sockets of the context), so they are read whenever the socket is used.
  void read_events();
  void connect_again();
};

ZmqSocket::ZmqSocket() : state_(std::make_unique<State>()) {}
ZmqSocket::ZmqSocket(ZmqSocket&&) noexcept = default;
ZmqSocket& ZmqSocket::operator=(ZmqSocket&&) noexcept = default;
ZmqSocket::~ZmqSocket() = default;
void* ZmqSocket::handle() const { return state_->socket.handle(); }

Result<Router> Router::bind(ZmqContext& context, const std::string& endpoint,
                            const Secret& secret_key, const std::string& zap_domain,
                            int high_water) {
  FARM_CHECK(!zap_domain.empty());
  Router router;
  try {
    zmq::socket_t socket(context_of(context), zmq::socket_type::router);
    set_common(socket, high_water);
    socket.set(zmq::sockopt::router_mandatory, true);
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, secret_key.reveal());
    socket.set(zmq::sockopt::zap_domain, zap_domain);
    // Named in zmq.h for draft builds only; a libzmq without it still asks ZAP whenever the domain
    // is not empty, and the coordinator's self-test proves that strangers are refused.
    constexpr int kZapEnforceDomain = 93;
    const int enforce = 1;
    ::zmq_setsockopt(socket.handle(), kZapEnforceDomain, &enforce, sizeof enforce);
    socket.set(zmq::sockopt::backlog, 1'024);
    socket.bind(endpoint);
    router.state_->endpoint = plain_endpoint(socket.get(zmq::sockopt::last_endpoint));
    router.state_->socket = std::move(socket);
  } catch (const zmq::error_t& error) {
    return zmq_failure("bind " + endpoint, error);
  }
  return router;
}

const std::string& Router::endpoint() const { return state_->endpoint; }

Result<void> Router::send(const std::string& routing_id, const std::string& frame) {
  try {
    const auto id = state_->socket.send(zmq::buffer(routing_id),
                                        zmq::send_flags::sndmore | zmq::send_flags::dontwait);
    if (!id) return timed_out("peer reads too slowly");
    const auto body = state_->socket.send(zmq::buffer(frame), zmq::send_flags::dontwait);
    if (!body) return timed_out("peer reads too slowly");
  } catch (const zmq::error_t& error) {
    return unavailable(std::string("peer is gone: ") + error.what());
  }
  return {};
}

std::optional<Received> Router::receive() {
  try {
    zmq::message_t id;
    if (!state_->socket.recv(id, zmq::recv_flags::dontwait)) return std::nullopt;
    Received received;
    received.routing_id = id.to_string();
    // A peer may send several parts; the last one is taken as the frame, codec refuses the rest.
    bool more = id.more();
    while (more) {
      zmq::message_t part;
      if (!state_->socket.recv(part)) return std::nullopt;
      more = part.more();
      received.frame = part.to_string();
      const char* user = ::zmq_msg_gets(part.handle(), "User-Id");
      received.user_id = user == nullptr ? "" : user;
    }
    return received;
  } catch (const zmq::error_t&) {
    return std::nullopt;
  }
}

Result<Dealer> Dealer::connect(ZmqContext& context, const std::string& endpoint,
                               const std::string& server_key, const CurveKeys& keys,
                               int high_water) {
  if (server_key.size() != 40) {
    return invalid_input("the coordinator's key must have 40 characters (see farmctl token)");
  }
  Dealer dealer;
  try {
    zmq::context_t& shared = context_of(context);
    zmq::socket_t socket(shared, zmq::socket_type::dealer);
    set_common(socket, high_water);
    socket.set(zmq::sockopt::curve_serverkey, server_key);
    socket.set(zmq::sockopt::curve_publickey, keys.public_key);
    socket.set(zmq::sockopt::curve_secretkey, keys.secret_key.reveal());
    socket.set(zmq::sockopt::reconnect_ivl, 200);
    socket.set(zmq::sockopt::reconnect_ivl_max, 5'000);
    char name[64];
    std::snprintf(name, sizeof name, "inproc://farm-monitor-%p", socket.handle());
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_CONNECT_RETRIED;
    if (::zmq_socket_monitor(socket.handle(), name, events) == 0) {
      dealer.state_->monitor = zmq::socket_t(shared, zmq::socket_type::pair);
      dealer.state_->monitor.set(zmq::sockopt::linger, 0);
      dealer.state_->monitor.set(zmq::sockopt::rcvhwm, 0);  // a full one stops the context
      dealer.state_->monitor.connect(name);
    }
    socket.connect(endpoint);
    dealer.state_->endpoint = endpoint;
    dealer.state_->socket = std::move(socket);
  } catch (const zmq::error_t& error) {
    return zmq_failure("connect " + endpoint, error);
  }
  return dealer;
}

Result<void> Dealer::send(const std::string& frame) {
  state_->read_events();
  try {
    if (!state_->socket.send(zmq::buffer(frame), zmq::send_flags::dontwait)) {
      return timed_out("the queue to the coordinator is full");
    }
  } catch (const zmq::error_t& error) {
    return unavailable(error.what());
  }
  return {};
}

std::optional<Received> Dealer::receive() {
  state_->read_events();
  try {
    zmq::message_t part;
    if (!state_->socket.recv(part, zmq::recv_flags::dontwait)) return std::nullopt;
    while (part.more()) {
      if (!state_->socket.recv(part)) return std::nullopt;
    }
    Received received;
    received.frame = part.to_string();
    return received;
  } catch (const zmq::error_t&) {
    return std::nullopt;
  }
}

void ZmqSocket::State::read_events() {
  if (!monitor) return;
  try {
    zmq::message_t event;
    while (monitor.recv(event, zmq::recv_flags::dontwait)) {
      uint16_t kind = 0;
      if (event.size() >= sizeof kind) std::memcpy(&kind, event.data(), sizeof kind);
      while (event.more()) {
        if (!monitor.recv(event)) return;
      }
      if (links.size() == kMaxLinks) links.pop_front();
      // After a broken line libzmq tries again at once; after a frame that makes no sense never.
      const bool alive = kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED || kind == ZMQ_EVENT_CONNECT_RETRIED;
      given_up = alive ? std::nullopt : std::optional(SystemClock().now());
      if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        links.push_back(Dealer::Link::Connected);
      } else if (kind == ZMQ_EVENT_DISCONNECTED || kind == ZMQ_EVENT_CONNECT_RETRIED) {
        links.push_back(Dealer::Link::Disconnected);
      } else {
        links.push_back(Dealer::Link::Refused);
      }
    }
    if (given_up && SystemClock().now() - *given_up > kGiveUpWait) connect_again();
  } catch (const zmq::error_t&) {
    return;  // the context is ending
  }
}

void ZmqSocket::State::connect_again() {
  given_up.reset();
  static_cast<void>(::zmq_disconnect(socket.handle(), endpoint.c_str()));  // what is left of it
  socket.connect(endpoint);
}

std::vector<Dealer::Link> Dealer::link_events() {
  state_->read_events();
  std::vector<Link> links(state_->links.begin(), state_->links.end());
  state_->links.clear();
  return links;
}

std::vector<size_t> poll_readable(const std::vector<const ZmqSocket*>& sockets,
                                  const std::vector<int>& descriptors, Duration timeout) {
  std::vector<zmq_pollitem_t> items;
  items.reserve(sockets.size() + descriptors.size());
  for (const ZmqSocket* socket : sockets) items.push_back({socket->handle(), 0, ZMQ_POLLIN, 0});
  for (const int fd : descriptors) items.push_back({nullptr, fd, ZMQ_POLLIN, 0});
  const auto wait = std::chrono::ceil<milliseconds>(timeout).count();
  std::vector<size_t> ready;
  if (::zmq_poll(items.data(), static_cast<int>(items.size()), wait < 0 ? 0 : wait) <= 0) {
    return ready;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].revents != 0) ready.push_back(i);
  }
  return ready;
}

}  // namespace farm::net
