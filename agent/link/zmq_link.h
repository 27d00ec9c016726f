// ZmqLink: the session's Transport over two CURVE dealers, control and bulk. Owner thread: the
// agent's main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/link/transport.h"
#include "common/net/zmq/socket.h"

namespace farm::agent {

struct LinkAddress {
  std::string control;     // "tcp://host:7440"
  std::string bulk;        // "tcp://host:7441"
  std::string server_key;  // Z85
};

class ZmqLink final : public Transport {
 public:
  static Result<std::unique_ptr<ZmqLink>> open(net::ZmqContext& context,
                                               const LinkAddress& address,
                                               const net::CurveKeys& keys);

  /// Other keys or another place: the old connections are dropped, the new ones come up in the
  /// background. After an error nothing has changed.
  Result<void> reopen(net::ZmqContext& context, const LinkAddress& address,
                      const net::CurveKeys& keys);

  bool send(Lane lane, const wire::Message& message) override;
  /// The next message of either lane; frames that are none are logged and dropped.
  std::optional<wire::Message> receive();
  enum class Change { None, Connected, Disconnected };
  /// What became of the control connection since the last call.
  Change change();
  /// Waits for a message or until one of `descriptors` is readable.
  void wait(const std::vector<int>& descriptors, Duration timeout);

 private:
  ZmqLink(net::Dealer control, net::Dealer bulk)
      : control_(std::move(control)), bulk_(std::move(bulk)) {}
  net::Dealer control_;
  net::Dealer bulk_;
};

/// Spends an enrolment token at `endpoint` for `keys`. Denied: the token is not good.
Result<wire::EnrollReply> enroll(net::ZmqContext& context, const std::string& endpoint,
                                 const std::string& server_key, const net::CurveKeys& keys,
                                 wire::Enroll request);

}  // namespace farm::agent
