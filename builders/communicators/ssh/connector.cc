#include "builders/communicators/ssh/connector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "builders/communicators/ssh/dialer.h"
#include "builders/communicators/ssh/stream_forwarder.h"
#include "builders/communicators/ssh/ssh_communicator.h"
#include "builders/core/config.h"
#include "common/base/log.h"

namespace farm::builders::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Between tries that fail at once. A server that refused a login may count and delay us.
constexpr milliseconds kPause{500};
constexpr seconds kRefusedPause{2};
// How long one wait for a server may take before the address is asked for again.
constexpr seconds kOneWait{30};
// "Unlimited" for arithmetic on instants.
constexpr std::chrono::hours kForever{24 * 365};

class Connecting {
 public:
  Connecting(const SshOptions& options, const AddressSource& address, const CancelToken& cancel)
      : options_(options), address_(address), cancel_(cancel) {}

  Result<Connection> connect() {
    const Duration limit = options_.timeout > Duration{0} ? options_.timeout : Duration(kForever);
    const Instant deadline = io::steady_now() + limit;
    Error last = unavailable("no try was made");
    while (io::steady_now() < deadline) {
      auto connection = try_once(std::min(deadline, io::steady_now() + kOneWait), deadline);
      if (connection) return connection;
      Error error = connection.error();
      if (error.code == ErrorCode::Cancelled) return error;
      log::debug("ssh is not available yet", {{"error", error.message}});
      // The last wait is cut short by the limit; what went wrong before tells more.
      if (error.code == ErrorCode::Timeout && io::steady_now() >= deadline) break;
      last = std::move(error);
      const bool refused = last.code == ErrorCode::Denied;
      if (refused && ++refused_ == options_.handshake_attempts) return refusal(last);
      // What does not depend on the machine will not get better by waiting.
      if (last.code == ErrorCode::InvalidInput || last.code == ErrorCode::NotFound ||
          last.code == ErrorCode::Internal) {
        return last;
      }
      const Duration pause = refused ? Duration(kRefusedPause) : Duration(kPause);
      if (!cancel_.sleep(std::min(pause, deadline - io::steady_now()))) return cancelled_error();
    }
    // The reason goes to the log; users know the sentence.
    log::info("ssh did not become available", {{"error", last.message}});
    return timed_out("Timeout waiting for SSH.");
  }

  Dialer& dialer() { return *dialer_; }

 private:
  static Error cancelled_error() { return cancelled("cancelled while waiting for SSH"); }

  Result<Connection> try_once(Instant deadline, Instant limit) {
    const SshAddress at = TRY(address_());
    if (!dialer_ || dialer_->host() != at.host || dialer_->port() != at.port) {
      dialer_ = TRY(Dialer::create(options_, at.host, at.port));
    }
    return dialer_->await_server(deadline, limit, cancel_);
  }

  Error refusal(const Error& last) const {
    return Error{ErrorCode::Denied,
                 fmt::format("SSH login failed {} time(s); check the user name, password or key. "
                             "Last answer: {}",
                             refused_, last.message),
                 false};
  }

  const SshOptions& options_;
  const AddressSource& address_;
  const CancelToken& cancel_;
  std::optional<Dialer> dialer_;
  int64_t refused_ = 0;
};

}  // namespace

Result<std::unique_ptr<Communicator>> connect_ssh(const SshOptions& options,
                                                  const AddressSource& address,
                                                  const CancelToken& cancel, Ui& ui) {
  const auto known = address();
  ui.say(known ? "Using SSH communicator to connect: " + known->host
               : std::string("Using SSH communicator to connect."));
  ui.say("Waiting for SSH to become available...");
  Connecting connecting(options, address, cancel);
  Connection connection = TRY(connecting.connect());
  if (options.pause_before_connecting > Duration{0}) {
    connection = Connection();
    ui.say("Pausing " + format_go_duration(options.pause_before_connecting) +
           " before connecting...");
    if (!cancel.sleep(options.pause_before_connecting)) {
      return cancelled("cancelled while pausing before connecting");
    }
    connection = TRY(connecting.connect());
  }
  ui.say("Connected to SSH!");
  auto communicator =
      std::make_unique<SshCommunicator>(std::move(connecting.dialer()), std::move(connection));
  TRY(communicator->open_tunnels(cancel));
  return std::unique_ptr<Communicator>(std::move(communicator));
}

Result<std::unique_ptr<Communicator>> connect_ssh(const SshOptions& options,
                                                  const std::string& host, uint16_t port,
                                                  const CancelToken& cancel, Ui& ui) {
  return connect_ssh(
      options,
      [&]() -> Result<SshAddress> {
        return SshAddress{host, port};
      },
      cancel, ui);
}

}  // namespace farm::builders::ssh
