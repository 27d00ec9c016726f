// ZapServer: libzmq asks it about every CURVE key that connects (RFC 27). It runs a thread of its
// own and must exist before the first socket binds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/net/zmq/socket.h"

namespace farm::net {

/// The User-Id for a key that may connect in this domain; empty refuses. Called on the ZAP
/// thread: must be thread-safe and quick.
using Authenticate = std::function<std::optional<std::string>(
    const std::string& domain, const std::string& public_key, const std::string& address)>;

class ZapServer {
 public:
  static Result<std::unique_ptr<ZapServer>> start(ZmqContext& context, Authenticate authenticate);
  ~ZapServer();

 private:
  ZapServer() = default;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace farm::net
