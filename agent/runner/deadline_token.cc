#include "agent/runner/deadline_token.h"

#include <algorithm>
#include <atomic>
#include <poll.h>
#include <thread>

#include "common/io/fd.h"

namespace farm::agent {

struct DeadlineToken::Watch {
  CancelToken outer;
  CancelToken inner;
  CancelToken done;
  std::atomic<bool> expired{false};
  std::thread thread;

  void wait(Duration timeout) {
    const Instant deadline = io::steady_now() + timeout;
    pollfd waiters[2] = {{outer.fd(), POLLIN, 0}, {done.fd(), POLLIN, 0}};
    while (!done.cancelled()) {
      const Duration left = deadline - io::steady_now();
      if (left <= Duration::zero()) {
        expired = true;
        inner.cancel();
        return;
      }
      if (outer.cancelled()) {
        inner.cancel();
        return;
      }
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      ::poll(waiters, 2, static_cast<int>(std::min<int64_t>(milliseconds, 60'000)));
    }
  }
};

DeadlineToken::DeadlineToken(const CancelToken& outer, Duration timeout)
    : watch_(std::make_unique<Watch>()) {
  watch_->outer = outer;
  watch_->thread = std::thread([watch = watch_.get(), timeout] { watch->wait(timeout); });
}

DeadlineToken::~DeadlineToken() {
  watch_->done.cancel();
  watch_->thread.join();
}

const CancelToken& DeadlineToken::token() const { return watch_->inner; }

bool DeadlineToken::expired() const { return watch_->expired; }

}  // namespace farm::agent
