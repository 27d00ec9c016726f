#include "common/net/http/request_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace farm::net {
namespace {

constexpr int kLookMilliseconds = 500;

}  // namespace

RequestWatch::RequestWatch(Duration limit) : limit_(limit), thread_([this] { work(); }) {}

RequestWatch::~RequestWatch() {
  events_.send({Event::Kind::Closed, 0, io::Fd()});  // number 0 is nobody's: the end
  thread_.join();
}

void RequestWatch::opened(uint64_t connection, int socket) {
  events_.send({Event::Kind::Opened, connection, io::Fd(::fcntl(socket, F_DUPFD_CLOEXEC, 0))});
}
void RequestWatch::turned(uint64_t connection) {
  events_.send({Event::Kind::Turned, connection, io::Fd()});
}
void RequestWatch::closed(uint64_t connection) {
  events_.send({Event::Kind::Closed, connection, io::Fd()});
}

void RequestWatch::work() {
  while (true) {
    pollfd readable{events_.fd(), POLLIN, 0};
    ::poll(&readable, 1, kLookMilliseconds);
    while (std::optional<Event> event = events_.receive()) {
      if (event->connection == 0) return;
      take(*std::move(event));
    }
    end_overdue();
  }
}

void RequestWatch::take(Event event) {
  if (event.kind == Event::Kind::Closed) {
    watched_.erase(event.connection);
    return;
  }
  Watched& watched = watched_[event.connection];
  if (event.socket.valid()) watched.socket = std::move(event.socket);
  watched.deadline = io::steady_now() + limit_;
}

void RequestWatch::end_overdue() {
  const Instant now = io::steady_now();
  for (auto& [connection, watched] : watched_) {
    if (now < watched.deadline || !watched.socket.valid()) continue;
    ::shutdown(watched.socket.get(), SHUT_RDWR);
    watched.socket.reset();
  }
}

}  // namespace farm::net
