// Channel: one channel of a Session: a command, a subsystem or a forwarded connection. It must go
// before its Session. Thread: the session's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "builders/communicators/ssh/session.h"

struct _LIBSSH2_CHANNEL;

namespace farm::builders::ssh {

enum class ChannelStream { Output = 0, ErrorOutput = 1 };

/// Result of a read or write that does not wait.
enum class Moved { Some, WouldBlock, End };

struct Transfer {
  Moved moved;
  size_t count = 0;
};

class Channel {
 public:
  static Result<Channel> open_command(Session& session, const Wait& wait);
  /// A connection from the server to `host`:`port`.
  static Result<Channel> open_forward(Session& session, const std::string& host, uint16_t port,
                                      const Wait& wait);
  static Channel adopt(Session& session, _LIBSSH2_CHANNEL* channel) {
    return Channel(session, channel);
  }
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  ~Channel();

  Result<void> request_pty(const Wait& wait);
  Result<void> exec(const std::string& command, const Wait& wait);
  Result<void> subsystem(const std::string& name, const Wait& wait);

  /// At most `capacity` bytes without waiting. End: no more will come.
  Result<Transfer> try_read(ChannelStream stream, char* buffer, size_t capacity);
  Result<Transfer> try_write(std::string_view bytes);
  /// Waits for at least one byte; 0 at the end.
  Result<size_t> read_some(char* buffer, size_t capacity, const Wait& wait);
  Result<void> read_exactly(char* buffer, size_t count, const Wait& wait);
  Result<void> write_all(std::string_view bytes, const Wait& wait);

  Result<void> send_end(const Wait& wait);
  /// Until there may be something to read or room to write.
  Result<void> wait(const Wait& limits) { return session_->wait_ready(limits); }
  /// Whether the server said that nothing more comes.
  bool at_end() const;
  /// Closes and gives the command's status; 128 + n when a signal ended it. kDisconnected when the
  /// connection was lost first or the server closed without a status.
  Result<int> finish(const Wait& wait);

 private:
  Channel(Session& session, _LIBSSH2_CHANNEL* channel) : session_(&session), channel_(channel) {}
  void close() noexcept;
  int exit_code() const;
  /// Takes error output aside while only standard output is read: the library shows the end of one
  /// only when nothing of the other waits. True when there was some.
  bool hold_errors();

  Session* session_;
  _LIBSSH2_CHANNEL* channel_;
  uint32_t number_ = 0;  // ours, of a command
  std::string held_errors_;
};

/// Number of the signal that RFC 4254 section 6.10 calls `name` ("TERM"); 0 when unknown.
int signal_number(std::string_view name);

}  // namespace farm::builders::ssh
