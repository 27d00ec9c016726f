// ControlChannel: one end of the SOCK_SEQPACKET socket between a supervisor and a runner. It only
// wakes and asks; every fact lies in the lease directory. After a restart of the supervisor the
// socket is gone and the runner goes on without it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/cancel.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::agent {

struct ControlMessage {
  enum class Kind : char {
    Wake = 'w',    // runner: the spool has grown
    Prompt = '?',  // runner: a question for a person; text
    Answer = '='   // supervisor: the first letter of what they typed, or empty
  };
  Kind kind = Kind::Wake;
  std::string text;
};

class ControlChannel {
 public:
  ControlChannel() = default;
  explicit ControlChannel(io::Fd fd) : fd_(std::move(fd)) {}
  static Result<std::pair<ControlChannel, ControlChannel>> pair();

  int fd() const { return fd_.get(); }
  bool open() const { return fd_.valid(); }
  void close() { fd_.reset(); }
  io::Fd release() { return std::move(fd_); }
  /// Never blocks. A wake that finds the queue full is dropped: the reader is awake then.
  Result<void> send(const ControlMessage& message);
  /// Never blocks; empty: nothing there. Unavailable: the other end is closed.
  Result<std::optional<ControlMessage>> receive();
  /// Sends a prompt and waits for its answer until `cancel` fires or the other end closes.
  Result<std::string> ask(const std::string& prompt, const CancelToken& cancel);

 private:
  io::Fd fd_;
};

}  // namespace farm::agent
