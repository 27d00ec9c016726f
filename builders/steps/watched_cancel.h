// WatchedCancel: a cancel token that fires with its parent, when a process ends, or at a deadline.
// Lets a blocking call that takes only a token (connect, run a command) end for other reasons too.
#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "common/base/cancel.h"
#include "common/base/clock.h"

namespace farm::builders::steps {

class WatchedCancel {
 public:
  enum class Reason { None, Parent, ProcessEnded, Deadline };
  /// `exit_fd`: readable when the process ended, -1: no process. It must outlive the object.
  WatchedCancel(const CancelToken& parent, int exit_fd, std::optional<Duration> deadline);
  WatchedCancel(const WatchedCancel&) = delete;
  WatchedCancel& operator=(const WatchedCancel&) = delete;
  ~WatchedCancel();

  const CancelToken& token() const { return child_; }
  /// Why the token fired; None while it has not.
  Reason reason() const { return reason_.load(); }

 private:
  void watch(const CancelToken& parent, int exit_fd, std::optional<Instant> deadline);

  CancelToken child_;
  CancelToken stop_;
  std::atomic<Reason> reason_{Reason::None};
  std::thread thread_;  // last: it uses the rest
};

}  // namespace farm::builders::steps
