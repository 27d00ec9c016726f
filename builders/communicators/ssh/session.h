// Session: one libssh2 session over a connected socket, from the key exchange on. Every libssh2
// call of this folder goes through until_done(), the one place that handles "would block": it
// waits for the socket, the cancel token, the deadline and the keep-alive interval at once.
// A Session, its channels and its socket belong to one thread.
#pragma once

#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/communicators/ssh/session_memory.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/io/fd.h"

struct _LIBSSH2_SESSION;

namespace farm::builders::ssh {

struct SessionOptions {
  std::vector<std::string> ciphers;                  // empty: fastest first
  std::vector<std::string> key_exchange_algorithms;  // empty: library default
  Duration keep_alive_interval{0};                   // 0: none
  /// The connection counts as lost after so long without a byte from the peer. 0: no limit.
  Duration read_write_timeout{0};
};

/// Bounds of one wait. No deadline: until done, cancelled or disconnected.
struct Wait {
  const CancelToken& cancel;
  std::optional<Instant> deadline;
};

class Session {
 public:
  /// Exchanges banners and keys. The socket is connected and non-blocking.
  static Result<std::unique_ptr<Session>> open(io::Fd socket, const SessionOptions& options,
                                               const Wait& wait);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Says goodbye if the peer takes it at once, and closes the socket.
  ~Session();

  _LIBSSH2_SESSION* raw() const { return session_; }
  SessionMemory& memory() { return memory_; }
  /// What the server introduced itself with, e.g. "SSH-2.0-OpenSSH_9.2p1".
  std::string banner() const;

  /// Repeats `call` while it would block. Its last result (libssh2's: >= 0 or a negative code);
  /// Error only when the wait ended: Cancelled, Timeout, or Unavailable when the peer is gone.
  Result<long> until_done(const std::function<long()>& call, const Wait& wait);
  /// As until_done, but a negative code is an error "`doing`: what the library says".
  Result<long> require(const char* doing, const std::function<long()>& call, const Wait& wait);
  /// Waits until the session may be able to go on; also for several calls that all would block.
  Result<void> wait_ready(const Wait& wait) { return wait_ready_among(wait, {}); }
  /// The same; any of `others` being ready ends the wait as well.
  Result<void> wait_ready_among(const Wait& wait, std::vector<pollfd> others);

  /// Keep-alives may only be sent after authentication.
  void set_authenticated() { authenticated_ = true; }
  /// Whether the connection is known to be lost: no call will work any more.
  bool lost() const { return lost_; }
  /// Records it when `code` means it.
  void note(long code);
  /// Looks without waiting whether the peer has closed the connection.
  bool peer_closed();
  Error error(const char* doing) const;

 private:
  Session(io::Fd socket, const SessionOptions& options);
  Result<void> start(const Wait& wait);
  Result<void> prefer();
  static long receive(int socket, void* buffer, size_t size, int flags, void** abstract);
  static long transmit(int socket, const void* buffer, size_t size, int flags, void** abstract);
  bool input_waiting() const { return input_begin_ < input_end_; }

  io::Fd socket_;
  SessionOptions options_;
  SessionMemory memory_;
  _LIBSSH2_SESSION* session_ = nullptr;
  // libssh2 reads 16 KiB at a time; one large read per several of those halves the system calls.
  std::vector<char> input_;
  size_t input_begin_ = 0;
  size_t input_end_ = 0;
  Instant last_input_;
  Instant last_keep_alive_;
  bool lost_ = false;
  bool authenticated_ = false;
};

}  // namespace farm::builders::ssh
