// ZeroMQ sockets of the protocol: Router (coordinator) and Dealer (agents, farmctl), CURVE always
// on. A socket belongs to one thread; the context outlives its sockets. No routing id is ever set:
// with a fixed one a half-open reconnect is silently dropped.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/zmq/keys.h"

namespace farm::net {

/// One per process; ends (bounded by the sockets' linger) when destroyed.
class ZmqContext {
 public:
  explicit ZmqContext(int io_threads = 1);
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  /// The zmq::context_t itself, for this folder alone.
  void* handle() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Received {
  std::string routing_id;  // Router only
  std::string user_id;     // Router only: what the ZAP handler gave; authority, unlike routing_id
  std::string frame;
};

/// A socket as polling sees it.
class ZmqSocket {
 public:
  ZmqSocket(ZmqSocket&&) noexcept;
  ZmqSocket& operator=(ZmqSocket&&) noexcept;
  virtual ~ZmqSocket();
  void* handle() const;

 protected:
  ZmqSocket();
  struct State;
  std::unique_ptr<State> state_;
};

class Router : public ZmqSocket {
 public:
  /// Binds `endpoint` ("tcp://127.0.0.1:7440", port `*` picks one). `zap_domain` must not be
  /// empty: with an empty one ZAP is skipped. Unavailable: address in use.
  static Result<Router> bind(ZmqContext& context, const std::string& endpoint,
                             const Secret& secret_key, const std::string& zap_domain,
                             int high_water = 10'000);
  /// The endpoint with its real port.
  const std::string& endpoint() const;
  /// Unavailable: the peer is gone; Timeout: its queue is full (it reads too slowly).
  Result<void> send(const std::string& routing_id, const std::string& frame);
  /// Never blocks; empty when nothing waits.
  std::optional<Received> receive();
};

class Dealer : public ZmqSocket {
 public:
  /// Connects in the background; messages queue up to `high_water` meanwhile.
  static Result<Dealer> connect(ZmqContext& context, const std::string& endpoint,
                                const std::string& server_key, const CurveKeys& keys,
                                int high_water = 1'000);
  /// Timeout: the queue is full.
  Result<void> send(const std::string& frame);
  std::optional<Received> receive();
  /// Connection events since the last call, oldest first.
  enum class Link { Connected, Disconnected, Refused };
  std::vector<Link> link_events();
};

/// Waits until one of the sockets or descriptors is readable or `timeout` passes. Returns the
/// indexes that are readable, sockets first, then descriptors counted on from there.
std::vector<size_t> poll_readable(const std::vector<const ZmqSocket*>& sockets,
                                  const std::vector<int>& descriptors, Duration timeout);

}  // namespace farm::net
