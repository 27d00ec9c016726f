// CancelToken: "stop soon", checked between steps and in every wait. Copies share one flag; a file
// descriptor becomes readable on cancellation so that poll() wakes.
#pragma once

#include <atomic>
#include <memory>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm {

class CancelToken {
 public:
  CancelToken();
  /// Thread-safe and async-signal-safe.
  void cancel() const noexcept;
  bool cancelled() const noexcept;
  /// Error{Cancelled} when cancelled.
  Result<void> check() const;
  /// Readable once cancelled; -1 when the process had no descriptor left. Owned by the token.
  int fd() const noexcept;
  /// Sleeps for `duration` or until cancelled. True when the whole time passed.
  bool sleep(Duration duration) const;

 private:
  struct State;
  // Shared by every holder of a copy: the one who cancels and all who wait.
  std::shared_ptr<State> state_;
};

}  // namespace farm
