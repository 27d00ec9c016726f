// ChannelPipe: one exec or subsystem channel of the adapter between two threads: the connection's,
// which speaks SSH with the client, and the build's, which runs the command on the guest. Both
// sides are bounded, so a fast side waits for the slow one.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders::provisioner_ansible {

enum class PipeStream { Output, ErrorOutput };

class ChannelPipe {
 public:
  /// `wake` tells the connection's thread that there is something to send or room to fill.
  explicit ChannelPipe(std::function<void()> wake) : wake_(std::move(wake)) {}

  // The client's side.
  /// Bytes of input that may be pushed now.
  size_t room() const;
  void push_input(std::string_view bytes);
  void end_input();
  /// At most `limit` bytes of what the guest said; empty: nothing now.
  std::string take_output(PipeStream stream, size_t limit);
  /// The exit status, once everything the guest said was taken.
  std::optional<int> exit_status() const;
  /// The client is gone or the build was cancelled: what still runs on the guest is cancelled.
  void abandon();

  // The guest's side.
  /// Input there is now; kNoInputYet; 0 at its end. As Communicator's InputSource wants it.
  size_t read_now(char* buffer, size_t capacity);
  /// Waits for input: 0 at its end. Cancelled when abandoned.
  Result<size_t> read(char* buffer, size_t capacity);
  /// Waits while too much is queued; dropped when abandoned.
  void write(PipeStream stream, std::string_view bytes);
  void finish(int status);
  const CancelToken& cancel() const { return cancel_; }

 private:
  std::string& queue(PipeStream stream) {
    return stream == PipeStream::Output ? output_ : error_output_;
  }
  size_t take_input(char* buffer, size_t capacity);

  const std::function<void()> wake_;
  CancelToken cancel_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string input_;
  size_t input_at_ = 0;
  bool input_ended_ = false;
  std::string output_;
  std::string error_output_;
  std::optional<int> status_;
  bool abandoned_ = false;
};

}  // namespace farm::builders::provisioner_ansible
