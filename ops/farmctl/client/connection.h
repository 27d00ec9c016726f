// Connection: farmctl's line to a coordinator. Requests are answered within a deadline or the error
// says why not: nobody listens, the key is not accepted, no answer came.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/net/zmq/socket.h"
#include "common/wire/message.h"
#include "ops/farmctl/client/client_config.h"

namespace farm::farmctl {

/// Longest wait for the first answer and for an answer to a question.
inline constexpr Duration kConnectLimit = std::chrono::seconds(5);
inline constexpr Duration kAnswerLimit = std::chrono::seconds(30);

/// One endpoint: a Dealer that speaks messages.
class Line {
 public:
  static Result<Line> open(net::ZmqContext& context, const std::string& endpoint,
                           const std::string& origin, const std::string& server_key,
                           const net::CurveKeys& keys);
  Result<void> send(const wire::Message& message);
  /// The next message; empty when none came before `deadline`. Until the first message came a
  /// refused connection ends the wait early. Unavailable, Denied, Corrupt.
  Result<std::optional<wire::Message>> receive(Instant deadline);

 private:
  Line(net::Dealer dealer, std::string endpoint, std::string origin);
  Error unreachable(const std::string& why) const;
  net::Dealer dealer_;
  std::string endpoint_;
  std::string origin_;
  Instant opened_;
  bool linked_ = false;
};

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const ClientConfig& config,
                                                  const net::CurveKeys& keys);
  /// Asks; the answer is a JSON document.
  Result<std::string> query(const std::string& what, std::map<std::string, std::string> arguments);
  Result<std::string> command(const std::string& what,
                              std::map<std::string, std::string> arguments);
  /// The same submit is sent again until an answer came: it is idempotent.
  Result<BuildId> submit(const wire::Submit& submit);
  Line& control() { return control_; }
  /// Opened on first use.
  Result<Line*> bulk();
  RequestId new_request() { return RequestId::random(random_); }

 private:
  Connection(std::unique_ptr<net::ZmqContext> context, ClientConfig config, net::CurveKeys keys,
             Line control);
  Result<std::string> ask(const wire::Message& message, const RequestId& request);
  SystemRandom random_;
  std::unique_ptr<net::ZmqContext> context_;
  ClientConfig config_;
  net::CurveKeys keys_;
  Line control_;
  std::optional<Line> bulk_;
};

}  // namespace farm::farmctl
