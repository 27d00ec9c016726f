// Listening sockets of server.h.
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/net/http/server.h"

namespace farm::net {
namespace {

// sockaddr_storage aliases every family; memcpy keeps that free of casts.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Result<Address> parse_address(const std::string& text, uint16_t port) {
  Address address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.length = sizeof v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.length = sizeof v6;
  } else {
    return invalid_input("\"" + text + "\" is not an IP address");
  }
  return address;
}

}  // namespace

Result<io::Fd> listen_tcp(const std::string& address, uint16_t port) {
  const Address where = TRY(parse_address(address, port));
  io::Fd socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return system_error("socket", errno);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int off = 0;
  if (where.storage.ss_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&where.storage));
  const std::string shown = address + " port " + std::to_string(port);
  if (::bind(socket.get(), raw, where.length) != 0 || ::listen(socket.get(), 128) != 0) {
    if (errno == EADDRINUSE) return conflict(shown + " is in use");
    if (errno == EADDRNOTAVAIL) return invalid_input(address + " is no address of this machine");
    return system_error("listen on " + shown, errno);
  }
  return socket;
}

uint16_t bound_port(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(socket, static_cast<sockaddr*>(static_cast<void*>(&storage)), &length) != 0) {
    return 0;
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    return ntohs(v6.sin6_port);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof v4);
  return ntohs(v4.sin_port);
}

}  // namespace farm::net
