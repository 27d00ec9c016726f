#include "builders/communicators/ssh/tcp.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <vector>

namespace farm::builders::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Refused at once: the port is not open yet. Cheap to ask, so ask often.
constexpr milliseconds kRefusedPause{250};
constexpr size_t kProbes = 8;
constexpr seconds kShortestWait{8};
constexpr seconds kLongestWait{60};

struct AddressesFree {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesFree>;

Result<Addresses> resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return unavailable("lookup " + host + ": " + ::gai_strerror(code));
  return Addresses(found);
}

void tune(int socket) {
  const int on = 1;
  const int idle_seconds = 15;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &idle_seconds, sizeof idle_seconds);
}

/// Starts a connection to the first address that takes one; it may still be on its way.
Result<io::Fd> start_connecting(const addrinfo* address) {
  io::Fd socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return system_error("socket", errno);
  tune(socket.get());
  if (::connect(socket.get(), address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS) {
    return system_error("connect", errno);
  }
  return socket;
}

int socket_error(int socket) {
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size);
  return code;
}

struct Probe {
  io::Fd socket;
  Instant until;
};

enum class Verdict { Waiting, Speaks, Gone };

Verdict judge(const Probe& probe, Instant now) {
  char byte = 0;
  const ssize_t got = ::recv(probe.socket.get(), &byte, 1, MSG_PEEK);
  if (got > 0) return Verdict::Speaks;
  if (got == 0) return Verdict::Gone;
  // ENOTCONN: the handshake is under way.
  if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN) return Verdict::Gone;
  return now >= probe.until ? Verdict::Gone : Verdict::Waiting;
}

/// Sleeps until one probe has news, `until` comes, or cancelled.
Result<void> wait_for_news(const std::vector<Probe>& probes, Instant until,
                           const CancelToken& cancel) {
  std::vector<pollfd> watched;
  for (const Probe& probe : probes) watched.push_back({probe.socket.get(), POLLIN, 0});
  watched.push_back({cancel.fd(), POLLIN, 0});
  const auto left = std::chrono::ceil<milliseconds>(until - io::steady_now()).count();
  ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
  return cancel.check();
}

}  // namespace

Result<io::Fd> tcp_connect(const std::string& host, uint16_t port, Instant deadline,
                           const CancelToken& cancel) {
  const Addresses addresses = TRY(resolve(host, port));
  const std::string where = "dial tcp " + host + ":" + std::to_string(port);
  Error last = unavailable(where + ": no address");
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next) {
    auto socket = start_connecting(address);
    if (!socket) {
      last = std::move(socket).error().within(where);
      continue;
    }
    switch (io::wait_ready(socket->get(), POLLOUT, deadline, cancel)) {
      case io::Readiness::Cancelled:
        return cancelled("cancelled");
      case io::Readiness::Deadline:
        return timed_out(where + ": no answer");
      case io::Readiness::Ready:
        break;
    }
    const int code = socket_error(socket->get());
    if (code == 0) return std::move(*socket);
    last = system_error(where, code);
    last.retryable = true;
  }
  return last;
}

Result<void> await_banner(int socket, Instant deadline, const CancelToken& cancel) {
  switch (io::wait_ready(socket, POLLIN, deadline, cancel)) {
    case io::Readiness::Cancelled:
      return cancelled("cancelled");
    case io::Readiness::Deadline:
      return timed_out("the machine accepts connections, but no SSH server speaks");
    case io::Readiness::Ready:
      break;
  }
  char byte = 0;
  if (::recv(socket, &byte, 1, MSG_PEEK) <= 0) {
    return unavailable("the connection was closed before the SSH server spoke");
  }
  return {};
}

Result<io::Fd> await_ssh_server(const std::string& host, uint16_t port, Instant deadline,
                                const CancelToken& cancel) {
  const Instant start = io::steady_now();
  std::vector<Probe> probes;
  Instant next_probe = start;
  for (;;) {
    TRY(cancel.check());
    const Instant now = io::steady_now();
    if (now >= deadline) return timed_out("no SSH server at " + host + ":" + std::to_string(port));
    for (size_t i = probes.size(); i-- > 0;) {
      const Verdict verdict = judge(probes[i], now);
      if (verdict == Verdict::Speaks) return std::move(probes[i].socket);
      if (verdict == Verdict::Waiting) continue;
      probes.erase(probes.begin() + static_cast<std::ptrdiff_t>(i));
      next_probe = std::min(next_probe, now + kRefusedPause);
    }
    const Duration patience = std::clamp<Duration>((now - start) / static_cast<int>(kProbes),
                                                   kShortestWait, kLongestWait);
    if (now >= next_probe && probes.size() < kProbes) {
      auto addresses = resolve(host, port);
      if (addresses) {
        for (const addrinfo* at = addresses->get(); at; at = at->ai_next) {
          auto socket = start_connecting(at);
          if (socket) probes.push_back({std::move(*socket), now + patience});
        }
      }
      next_probe = now + patience / static_cast<int>(kProbes);
    }
    Instant wake = std::min(next_probe, deadline);
    for (const Probe& probe : probes) wake = std::min(wake, probe.until);
    if (probes.size() >= kProbes) wake = std::max(wake, now + kRefusedPause);
    TRY(wait_for_news(probes, std::max(wake, now + milliseconds(10)), cancel));
  }
}

}  // namespace farm::builders::ssh
