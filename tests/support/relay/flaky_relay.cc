#include "tests/support/relay/flaky_relay.h"

#include <algorithm>
#include <deque>
#include <list>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace farm::test {
namespace {

constexpr size_t kPiece = 16U << 10;
constexpr size_t kMostWaiting = 1U << 20;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One direction of a connection.
struct Way {
  int from = -1;
  int to = -1;
  std::deque<std::pair<Instant, std::string>> waiting;
  size_t bytes = 0;
  Instant free_at{0};  // when the line has sent what it was given
  bool ended = false;
  bool shut = false;

  bool receive(const RelaySettings& settings) {
    while (!ended && bytes < kMostWaiting) {
      std::string piece(kPiece, '\0');
      const ssize_t got = ::recv(from, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (got == 0) {
        ended = true;
        break;
      }
      piece.resize(static_cast<size_t>(got));
      bytes += piece.size();
      const Instant now = io::steady_now();
      free_at = std::max(free_at, now);
      if (settings.bytes_per_second > 0) {
        free_at = free_at + Duration(static_cast<int64_t>(
                      piece.size() * 1'000'000'000ULL / settings.bytes_per_second));
      }
      waiting.emplace_back(free_at + settings.delay, std::move(piece));
    }
    return true;
  }

  bool send(uint64_t& passed) {
    while (!waiting.empty() && waiting.front().first <= io::steady_now()) {
      std::string& piece = waiting.front().second;
      const ssize_t put = ::send(to, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put < 0) return errno == EAGAIN || errno == EINTR;
      bytes -= static_cast<size_t>(put);
      passed += static_cast<size_t>(put);
      piece.erase(0, static_cast<size_t>(put));
      if (piece.empty()) waiting.pop_front();
    }
    if (ended && waiting.empty() && !shut) {
      ::shutdown(to, SHUT_WR);
      shut = true;
    }
    return true;
  }

  // Nothing more comes through. What did come through arrives: closing with something unread would
  // reset the connection, and a busy peer then loses what it had received.
  void cut() {
    waiting.clear();
    bytes = 0;
    ::shutdown(to, SHUT_WR);
    shut = true;
  }
  void discard() {
    char buffer[kPiece];
    ssize_t got = 0;
    while (!ended && (got = ::recv(from, buffer, sizeof buffer, MSG_DONTWAIT)) != 0) {
      if (got < 0 && errno != EINTR) {
        ended = errno != EAGAIN;
        return;
      }
    }
    ended = true;
  }
};

}  // namespace

struct FlakyRelay::Line {
  io::Fd client;
  io::Fd server;
  Way up;
  Way down;
  uint64_t passed = 0;
  bool broken = false;

  /// False once it is over.
  bool move(const RelaySettings& settings) {
    if (!broken) {
      return up.receive(settings) && down.receive(settings) && up.send(passed) &&
             down.send(passed) && !(up.shut && down.shut);
    }
    up.discard();
    down.discard();
    return !(up.ended && down.ended);
  }
  void cut() {
    broken = true;
    up.cut();
    down.cut();
  }
};

FlakyRelay::FlakyRelay(uint16_t target_port, const RelaySettings& settings)
    : settings_(settings), target_port_(target_port) {
  listener_ = io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size);
  ::listen(listener_.get(), 16);
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { loop(); });
}

FlakyRelay::~FlakyRelay() {
  stop_.cancel();
  thread_.join();
}

void FlakyRelay::loop() {
  std::list<Line> lines;
  while (!stop_.cancelled()) {
    std::vector<pollfd> watched = {{listener_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    bool busy = false;
    for (const Line& line : lines) {
      for (const Way* way : {&line.up, &line.down}) {
        busy = busy || !way->waiting.empty();
        if (!way->ended && way->bytes < kMostWaiting) watched.push_back({way->from, POLLIN, 0});
      }
    }
    ::poll(watched.data(), watched.size(), busy ? 1 : 1000);
    io::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client.valid()) {
      io::Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = loopback(target_port_);
      if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0) {
        ++connections_;
        Line& line = lines.emplace_back();
        line.client = std::move(client);
        line.server = std::move(server);
        line.up.from = line.down.to = line.client.get();
        line.up.to = line.down.from = line.server.get();
      }
    }
    for (auto line = lines.begin(); line != lines.end();) {
      const bool goes_on = line->move(settings_);
      if (goes_on && !line->broken && settings_.break_after > 0 &&
          line->passed > settings_.break_after && broken_ < settings_.breaks) {
        ++broken_;
        line->cut();
      }
      line = goes_on ? std::next(line) : lines.erase(line);
    }
  }
}

}  // namespace farm::test
