#include "builders/communicators/ssh/socks5.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "builders/communicators/ssh/tcp.h"

namespace farm::builders::ssh {
namespace {

constexpr char kVersion = 5;
constexpr char kNoLogin = 0;
constexpr char kPasswordLogin = 2;
constexpr char kConnect = 1;
constexpr char kIpv4 = 1;
constexpr char kName = 3;
constexpr char kIpv6 = 4;

/// A small exchange over a non-blocking socket.
class Exchange {
 public:
  Exchange(int socket, Instant deadline, const CancelToken& cancel)
      : socket_(socket), deadline_(deadline), cancel_(cancel) {}

  Result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN) {
        TRY(wait(POLLOUT));
      } else if (errno != EINTR) {
        return system_error("SOCKS proxy", errno);
      }
    }
    return {};
  }

  Result<std::string> receive(size_t count) {
    std::string bytes(count, '\0');
    size_t done = 0;
    while (done < count) {
      const ssize_t got = ::recv(socket_, bytes.data() + done, count - done, 0);
      if (got > 0) {
        done += static_cast<size_t>(got);
      } else if (got == 0) {
        return unavailable("SOCKS proxy: closed the connection");
      } else if (errno == EAGAIN) {
        TRY(wait(POLLIN));
      } else if (errno != EINTR) {
        return system_error("SOCKS proxy", errno);
      }
    }
    return bytes;
  }

 private:
  Result<void> wait(short events) {
    switch (io::wait_ready(socket_, events, deadline_, cancel_)) {
      case io::Readiness::Deadline:
        return timed_out("SOCKS proxy: no answer");
      case io::Readiness::Cancelled:
        return cancelled("cancelled");
      case io::Readiness::Ready:
        break;
    }
    return {};
  }
  int socket_;
  Instant deadline_;
  const CancelToken& cancel_;
};

std::string address_of(const std::string& host) {
  std::array<char, sizeof(in6_addr)> raw{};
  if (::inet_pton(AF_INET, host.c_str(), raw.data()) == 1) {
    return kIpv4 + std::string(raw.data(), sizeof(in_addr));
  }
  if (::inet_pton(AF_INET6, host.c_str(), raw.data()) == 1) {
    return kIpv6 + std::string(raw.data(), sizeof(in6_addr));
  }
  return std::string{kName, static_cast<char>(host.size())} + host;
}

const char* reply_text(char code) {
  constexpr std::array<const char*, 9> kReplies = {
      "succeeded",           "general failure",       "not allowed by the proxy's rules",
      "network unreachable", "host unreachable",      "connection refused",
      "time to live over",   "command not supported", "address kind not supported"};
  const auto index = static_cast<unsigned char>(code);
  return index < kReplies.size() ? kReplies[index] : "unknown reply";
}

Result<void> log_in(Exchange& exchange, const ProxyOptions& proxy) {
  const std::string& password = proxy.password.reveal();
  if (proxy.username.size() > 255 || password.size() > 255) {
    return invalid_input("ssh_proxy_username, ssh_proxy_password: at most 255 bytes");
  }
  TRY(exchange.send(std::string{1, static_cast<char>(proxy.username.size())} + proxy.username +
                    static_cast<char>(password.size()) + password));
  const std::string answer = TRY(exchange.receive(2));
  if (answer[1] != 0) return denied("SOCKS proxy: user name or password refused");
  return {};
}

}  // namespace

Result<io::Fd> connect_through_proxy(const ProxyOptions& proxy, const std::string& host,
                                     uint16_t port, Instant deadline, const CancelToken& cancel) {
  if (host.size() > 255) return invalid_input("SOCKS proxy: the host name is too long");
  io::Fd socket = TRY(tcp_connect(proxy.host, proxy.port, deadline, cancel));
  Exchange exchange(socket.get(), deadline, cancel);
  if (proxy.username.empty()) {
    TRY(exchange.send(std::string{kVersion, 1, kNoLogin}));
  } else {
    TRY(exchange.send(std::string{kVersion, 2, kNoLogin, kPasswordLogin}));
  }
  const std::string method = TRY(exchange.receive(2));
  if (method[0] != kVersion) return unavailable("SOCKS proxy: does not speak SOCKS5");
  if (method[1] == kPasswordLogin) {
    TRY(log_in(exchange, proxy));
  } else if (method[1] != kNoLogin) {
    return denied("SOCKS proxy: wants a kind of login that was not offered");
  }
  TRY(exchange.send(std::string{kVersion, kConnect, 0} + address_of(host) +
                    static_cast<char>(port >> 8) + static_cast<char>(port & 0xff)));
  const std::string head = TRY(exchange.receive(4));
  if (head[1] != 0) return unavailable(std::string("SOCKS proxy: ") + reply_text(head[1]));
  size_t bound_size = head[3] == kIpv4 ? 4 : 16;
  if (head[3] == kName) {
    const std::string length = TRY(exchange.receive(1));
    bound_size = static_cast<unsigned char>(length[0]);
  }
  TRY(exchange.receive(bound_size + 2));
  return socket;
}

}  // namespace farm::builders::ssh
