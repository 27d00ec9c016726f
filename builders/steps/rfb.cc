#include "builders/steps/rfb.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace farm::builders::steps {
namespace {

Result<void> await(int fd, short events, Instant deadline, const CancelToken& cancel) {
  switch (io::wait_ready(fd, events, deadline, cancel)) {
    case io::Readiness::Ready: return {};
    case io::Readiness::Cancelled: return cancelled("cancelled");
    case io::Readiness::Deadline: break;
  }
  return timed_out("the VNC server did not answer in time");
}

Result<io::Fd> connect_tcp(const std::string& address, uint16_t port, Instant deadline,
                           const CancelToken& cancel) {
  sockaddr_storage where{};
  socklen_t length = 0;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&where, &v4, length = sizeof v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&where, &v6, length = sizeof v6);
  } else {
    return invalid_input(fmt::format("\"{}\" is not an IP address", address));
  }
  io::Fd socket(::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return system_error("socket", errno);
  const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&where));
  if (::connect(socket.get(), raw, length) != 0) {
    if (errno != EINPROGRESS) return unavailable("connect: " + std::string(::strerror(errno)));
    TRY(await(socket.get(), POLLOUT, deadline, cancel));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return unavailable("connect: " + std::string(::strerror(error)));
  }
  const int on = 1;  // each key event is 8 bytes and must leave at once
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

Result<RfbClient> RfbClient::connect(const std::string& address, uint16_t port,
                                     const Secret& password, Instant deadline,
                                     const CancelToken& cancel) {
  io::Fd socket = TRY(connect_tcp(address, port, deadline, cancel));
  RfbHandshake handshake(password);
  char buffer[1024];
  while (!handshake.done()) {
    TRY(await(socket.get(), POLLIN, deadline, cancel));
    const size_t got = TRY(io::read_some(socket.get(), buffer, sizeof buffer));
    if (got == 0) return unavailable("the VNC server closed the connection");
    const std::string answer = TRY(handshake.receive({buffer, got}));
    // The answers are tens of bytes and fit the socket's empty buffer.
    TRY(io::write_all(socket.get(), answer));
  }
  return RfbClient(std::move(socket));
}

Result<void> RfbClient::key(uint32_t symbol, bool down) {
  // A server may speak unasked (bell, clipboard); what it says is thrown away unread.
  char ignored[4096];
  while (true) {
    const ssize_t got = ::recv(socket_.get(), ignored, sizeof ignored, MSG_DONTWAIT);
    if (got == 0) return unavailable("the VNC server closed the connection");
    if (got < 0) break;
  }
  const std::string event{'\4',
                          down ? '\1' : '\0',
                          '\0',
                          '\0',
                          static_cast<char>(symbol >> 24 & 0xFF),
                          static_cast<char>(symbol >> 16 & 0xFF),
                          static_cast<char>(symbol >> 8 & 0xFF),
                          static_cast<char>(symbol & 0xFF)};
  const ssize_t put = ::send(socket_.get(), event.data(), event.size(), MSG_NOSIGNAL);
  if (put == static_cast<ssize_t>(event.size())) return {};
  return unavailable("the VNC server takes no more keys");
}

}  // namespace farm::builders::steps
