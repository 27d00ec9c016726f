// QmpClient: qemu's machine protocol over a connected socket: one command at a time, events are
// passed over. The greeting comes when qemu has set up every device, so it also says "started".
#pragma once

#include <string>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::builders::platform_qemu {

class QmpClient {
 public:
  /// Waits for the greeting and leaves negotiation mode. Unavailable: qemu closed the socket.
  static Result<QmpClient> open(io::Fd socket, Duration patience, const CancelToken& cancel);

  /// Runs `command`; `arguments` is a JSON object or empty. The "return" member as JSON text.
  /// InvalidInput: qemu reported an error; NotFound: it does not know the command.
  Result<std::string> execute(const std::string& command, const std::string& arguments = {});

 private:
  explicit QmpClient(io::Fd socket) : socket_(std::move(socket)) {}
  Result<std::string> read_line(Instant deadline, const CancelToken& cancel);
  io::Fd socket_;
  std::string input_;
};

/// MAC address of the network device whose backend is `netdev`, found by walking qemu's objects.
Result<std::string> network_device_mac(QmpClient& monitor, const std::string& netdev);

}  // namespace farm::builders::platform_qemu
