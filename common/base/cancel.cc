#include "common/base/cancel.h"

#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace farm {

struct CancelToken::State {
  std::atomic<bool> cancelled{false};
  int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  ~State() {
    if (fd >= 0) ::close(fd);
  }
};

// shared_ptr: see the header.
CancelToken::CancelToken() : state_(std::make_shared<State>()) {}

void CancelToken::cancel() const noexcept {
  if (state_->cancelled.exchange(true)) return;
  const uint64_t one = 1;
  if (state_->fd >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(state_->fd, &one, sizeof one);
  }
}

bool CancelToken::cancelled() const noexcept { return state_->cancelled.load(); }

Result<void> CancelToken::check() const {
  if (cancelled()) return farm::cancelled("Build was cancelled.");
  return {};
}

int CancelToken::fd() const noexcept { return state_->fd; }

bool CancelToken::sleep(Duration duration) const {
  const SystemClock clock;
  const Instant deadline = clock.now() + duration;
  while (!cancelled()) {
    const Duration left = deadline - clock.now();
    if (left <= Duration::zero()) return true;
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd waiter{state_->fd, POLLIN, 0};
    ::poll(&waiter, state_->fd >= 0 ? 1 : 0,
           static_cast<int>(std::min<int64_t>(milliseconds, 60'000)));
  }
  return false;
}

}  // namespace farm
