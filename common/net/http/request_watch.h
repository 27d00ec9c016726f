// RequestWatch: no connection may take longer over one request, or over taking its answer, than it is
// given: who sends a byte now and then to keep a place (slowloris) loses it. A thread of its own
// shuts overdue sockets down; the server then closes them as if the peer had.
#pragma once

#include <cstdint>
#include <map>
#include <thread>

#include "common/base/channel.h"
#include "common/base/clock.h"
#include "common/io/fd.h"

namespace farm::net {

class RequestWatch {
 public:
  explicit RequestWatch(Duration limit);
  ~RequestWatch();
  RequestWatch(const RequestWatch&) = delete;
  RequestWatch& operator=(const RequestWatch&) = delete;

  // From the server's threads. `connection` is the server's number for it.
  void opened(uint64_t connection, int socket);  // the first request is to come
  void turned(uint64_t connection);  // a request is whole and to be answered, or an answer was taken
  void closed(uint64_t connection);

 private:
  struct Event {
    enum class Kind : uint8_t { Opened, Turned, Closed };
    Kind kind;
    uint64_t connection;
    io::Fd socket;  // a duplicate: stays ours when the server has closed its own
  };
  struct Watched {
    io::Fd socket;
    Instant deadline;
  };
  void work();
  void take(Event event);
  void end_overdue();

  const Duration limit_;
  Channel<Event> events_{4096};
  std::map<uint64_t, Watched> watched_;  // of the thread
  std::thread thread_;
};

}  // namespace farm::net
