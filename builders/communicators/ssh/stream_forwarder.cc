#include "builders/communicators/ssh/stream_forwarder.h"

#include <libssh2.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "builders/communicators/ssh/tcp.h"
#include "common/base/log.h"

namespace farm::builders::ssh {
namespace {

constexpr size_t kBuffer = 256U << 10;
constexpr int kListenerBacklog = 64;
constexpr auto kConnectTime = std::chrono::seconds(10);

}  // namespace

/// One forwarded connection with a buffer each way.
struct StreamForwarder::Stream {
  Stream(Channel c, io::Fd s) : channel(std::move(c)), socket(std::move(s)) {}
  Channel channel;
  io::Fd socket;
  std::string to_socket;
  std::string to_channel;
  bool channel_ended = false;  // the peer sends no more
  bool socket_ended = false;
  bool end_sent = false;
  bool socket_shut = false;
};

StreamForwarder::StreamForwarder(std::unique_ptr<Session> session) : session_(std::move(session)) {}

StreamForwarder::~StreamForwarder() {
  stop_.cancel();
  if (thread_.joinable()) thread_.join();
  streams_.clear();
}

Result<io::Fd> StreamForwarder::connect(const std::string& host, uint16_t port, const Wait& wait) {
  Channel channel = TRY(Channel::open_forward(*session_, host, port, wait));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return system_error("socketpair", errno);
  }
  io::Fd ours(ends[0]);
  streams_.emplace_back(std::move(channel), io::Fd(ends[1]));
  return ours;
}

Result<void> StreamForwarder::listen_here(const Tunnel& tunnel) {
  io::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return system_error("socket", errno);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(tunnel.listen_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), kListenerBacklog) != 0) {
    return system_error("ssh_local_tunnels: listen on port " + std::to_string(tunnel.listen_port),
                        errno);
  }
  local_.push_back({std::move(socket), tunnel});
  return {};
}

Result<void> StreamForwarder::listen_there(const Tunnel& tunnel, const Wait& wait) {
  LIBSSH2_LISTENER* listener = nullptr;
  const std::string doing =
      "ssh_remote_tunnels: listen on the machine's port " + std::to_string(tunnel.listen_port);
  TRY(session_->require(
      doing.c_str(),
      [&]() -> long {
        listener = libssh2_channel_forward_listen_ex(session_->raw(), "localhost",
                                                     tunnel.listen_port, nullptr, kListenerBacklog);
        return listener ? 0 : libssh2_session_last_errno(session_->raw());
      },
      wait));
  remote_.push_back({listener, tunnel});
  return {};
}

void StreamForwarder::start() {
  thread_ = std::thread([this] { loop(); });
}

bool StreamForwarder::accept_here() {
  bool any = false;
  for (const LocalListener& listener : local_) {
    io::Fd socket(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) continue;
    openings_.push_back({std::move(socket), listener.tunnel});
    any = true;
  }
  return any;
}

bool StreamForwarder::open_next() {
  if (openings_.empty()) return false;
  // One at a time: libssh2 keeps the state of an open in the session.
  Opening& opening = openings_.front();
  LIBSSH2_CHANNEL* channel = libssh2_channel_direct_tcpip_ex(
      session_->raw(), opening.tunnel.host.c_str(), opening.tunnel.port, "127.0.0.1", 0);
  if (!channel) {
    const int code = libssh2_session_last_errno(session_->raw());
    if (code == LIBSSH2_ERROR_EAGAIN) return false;
    session_->note(code);
    log::warn("tunnel connection refused by the machine",
              {{"host", opening.tunnel.host}, {"port", int{opening.tunnel.port}}});
  } else {
    streams_.emplace_back(Channel::adopt(*session_, channel), std::move(opening.socket));
  }
  openings_.pop_front();
  return true;
}

bool StreamForwarder::accept_there() {
  bool any = false;
  for (const RemoteListener& listener : remote_) {
    LIBSSH2_CHANNEL* raw = libssh2_channel_forward_accept(listener.listener);
    if (!raw) {
      const int code = libssh2_session_last_errno(session_->raw());
      if (code != LIBSSH2_ERROR_EAGAIN) session_->note(code);
      continue;
    }
    Channel channel = Channel::adopt(*session_, raw);
    auto socket = tcp_connect(listener.tunnel.host, listener.tunnel.port,
                              io::steady_now() + kConnectTime, stop_);
    if (!socket) {
      log::warn("tunnel target does not answer", {{"error", socket.error().message}});
      continue;
    }
    streams_.emplace_back(std::move(channel), std::move(*socket));
    any = true;
  }
  return any;
}

Result<bool> StreamForwarder::move(Stream& stream) {
  std::string scratch;
  bool any = false;
  if (stream.to_socket.empty() && !stream.channel_ended) {
    scratch.resize(kBuffer);
    const Transfer got =
        TRY(stream.channel.try_read(ChannelStream::Output, scratch.data(), scratch.size()));
    if (got.moved == Moved::Some) stream.to_socket.assign(scratch, 0, got.count);
    if (got.moved == Moved::End) stream.channel_ended = true;
    any = any || got.moved != Moved::WouldBlock;
  }
  if (!stream.to_socket.empty()) {
    const ssize_t sent = ::send(stream.socket.get(), stream.to_socket.data(),
                                stream.to_socket.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      stream.to_socket.erase(0, static_cast<size_t>(sent));
      any = true;
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return unavailable("the local side closed");
    }
  }
  if (stream.channel_ended && stream.to_socket.empty() && !stream.socket_shut) {
    ::shutdown(stream.socket.get(), SHUT_WR);
    stream.socket_shut = true;
  }
  if (stream.to_channel.empty() && !stream.socket_ended) {
    scratch.resize(kBuffer);
    const ssize_t got = ::recv(stream.socket.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got > 0) stream.to_channel.assign(scratch, 0, static_cast<size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) stream.socket_ended = true;
    any = any || got >= 0;
  }
  if (!stream.to_channel.empty()) {
    const Transfer put = TRY(stream.channel.try_write(stream.to_channel));
    if (put.moved == Moved::End) return unavailable("the remote side closed");
    if (put.moved == Moved::Some) {
      stream.to_channel.erase(0, put.count);
      any = true;
    }
  }
  if (stream.socket_ended && stream.to_channel.empty() && !stream.end_sent) {
    TRY(stream.channel.send_end({stop_, io::steady_now() + kConnectTime}));
    stream.end_sent = true;
  }
  return any;
}

Result<void> StreamForwarder::sleep() {
  // Everything that may wake this loop except the session, gathered for one poll().
  std::vector<pollfd> watched;
  for (const LocalListener& listener : local_) {
    watched.push_back({listener.socket.get(), POLLIN, 0});
  }
  for (const Stream& stream : streams_) {
    short events = 0;
    if (stream.to_channel.empty() && !stream.socket_ended) events |= POLLIN;
    if (!stream.to_socket.empty()) events |= POLLOUT;
    if (events != 0) watched.push_back({stream.socket.get(), events, 0});
  }
  return session_->wait_ready_among({stop_, std::nullopt}, watched);
}

void StreamForwarder::loop() {
  while (!stop_.cancelled() && !session_->lost()) {
    bool any = accept_here();
    any = accept_there() || any;
    any = open_next() || any;
    for (auto stream = streams_.begin(); stream != streams_.end();) {
      const auto moved = move(*stream);
      const bool finished = stream->end_sent && stream->socket_shut;
      if (moved) any = any || *moved;
      if (!moved || finished) {
        stream = streams_.erase(stream);
        any = true;
      } else {
        ++stream;
      }
    }
    if (!any && !sleep()) break;
  }
  // Closing the sockets tells the other side that nothing comes any more.
  streams_.clear();
  local_.clear();
}

}  // namespace farm::builders::ssh
