// StreamForwarder: a thread that owns one SSH session and carries bytes between its channels and
// local sockets: the way through a bastion, local tunnels and remote tunnels. Sessions belong to
// one thread, so forwarding always has a session of its own.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "builders/communicators/ssh/channel.h"
#include "builders/communicators/ssh/session.h"
#include "builders/communicators/ssh/ssh_options.h"

struct _LIBSSH2_LISTENER;

namespace farm::builders::ssh {

class StreamForwarder {
 public:
  explicit StreamForwarder(std::unique_ptr<Session> session);
  /// What `session` itself runs over; goes after it.
  void keep(std::unique_ptr<StreamForwarder> below) { below_ = std::move(below); }
  /// Stops the thread and closes everything.
  ~StreamForwarder();
  StreamForwarder(const StreamForwarder&) = delete;
  StreamForwarder& operator=(const StreamForwarder&) = delete;

  // Before start():
  /// Our end of a connection that the server makes to `host`:`port`.
  Result<io::Fd> connect(const std::string& host, uint16_t port, const Wait& wait);
  /// Listens on 127.0.0.1 here; the server connects on.
  Result<void> listen_here(const Tunnel& tunnel);
  /// The server listens on its loopback; we connect on.
  Result<void> listen_there(const Tunnel& tunnel, const Wait& wait);
  void start();

 private:
  struct Stream;
  struct LocalListener {
    io::Fd socket;
    Tunnel tunnel;
  };
  struct RemoteListener {
    _LIBSSH2_LISTENER* listener;
    Tunnel tunnel;
  };
  struct Opening {
    io::Fd socket;
    Tunnel tunnel;
  };

  void loop();
  bool accept_here();
  bool accept_there();
  bool open_next();
  Result<bool> move(Stream& stream);
  Result<void> sleep();

  std::unique_ptr<StreamForwarder> below_;
  std::unique_ptr<Session> session_;
  CancelToken stop_;
  std::list<Stream> streams_;
  std::vector<LocalListener> local_;
  std::vector<RemoteListener> remote_;
  std::list<Opening> openings_;
  std::thread thread_;
};

}  // namespace farm::builders::ssh
