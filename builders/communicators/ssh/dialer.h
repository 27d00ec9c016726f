// Dialer: makes one logged-in SSH connection to a machine: directly, over a SOCKS5 proxy or through
// a bastion. The connector calls it until it succeeds; the communicator calls it again when the
// connection was lost (a reboot). Thread: the build's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "builders/communicators/ssh/authenticate.h"
#include "builders/communicators/ssh/session.h"
#include "builders/communicators/ssh/ssh_options.h"

namespace farm::builders::ssh {

class StreamForwarder;

/// A session and what carries it; the session goes first.
struct Connection {
  Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();
  std::unique_ptr<StreamForwarder> bastion;
  std::unique_ptr<Session> session;
};

class Dialer {
 public:
  /// Reads and parses the key files. InvalidInput names the option.
  static Result<Dialer> create(const SshOptions& options, std::string host, uint16_t port);

  /// One try with deadlines of its own for each stage. Denied: authentication failed.
  Result<Connection> dial(const CancelToken& cancel) const;
  /// As dial(), but waits until `deadline` for the SSH server to speak.
  /// `limit` bounds the login too.
  Result<Connection> await_server(Instant deadline, Instant limit,
                                  const CancelToken& cancel) const;

  const SshOptions& options() const { return options_; }
  const std::string& host() const { return host_; }
  uint16_t port() const { return port_; }

 private:
  explicit Dialer(const SshOptions& options) : options_(options) {}
  Result<Connection> log_in(io::Fd socket, std::unique_ptr<StreamForwarder> bastion,
                            Instant limit, const CancelToken& cancel) const;
  Result<std::unique_ptr<StreamForwarder>> through_bastion(const CancelToken& cancel) const;
  SessionOptions session_options() const;

  SshOptions options_;
  std::string host_;
  uint16_t port_ = 22;
  Credentials credentials_;
  Credentials bastion_credentials_;
};

}  // namespace farm::builders::ssh
