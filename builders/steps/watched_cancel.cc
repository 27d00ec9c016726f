#include "builders/steps/watched_cancel.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>

#include "common/io/fd.h"

namespace farm::builders::steps {

WatchedCancel::WatchedCancel(const CancelToken& parent, int exit_fd,
                             std::optional<Duration> deadline) {
  std::optional<Instant> until;
  if (deadline) until = io::steady_now() + *deadline;
  thread_ = std::thread([this, parent, exit_fd, until] { watch(parent, exit_fd, until); });
}

WatchedCancel::~WatchedCancel() {
  stop_.cancel();
  thread_.join();
}

void WatchedCancel::watch(const CancelToken& parent, int exit_fd,
                          std::optional<Instant> deadline) {
  const auto fire = [this](Reason reason) {
    reason_.store(reason);
    child_.cancel();
  };
  while (!stop_.cancelled()) {
    if (parent.cancelled()) return fire(Reason::Parent);
    int64_t millis = 60'000;
    if (deadline) {
      const Duration left = *deadline - io::steady_now();
      if (left.count() <= 0) return fire(Reason::Deadline);
      millis = std::min(millis, left.count() / 1'000'000 + 1);
    }
    pollfd fds[3] = {{exit_fd, POLLIN, 0}, {parent.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    const int count = ::poll(fds, 3, static_cast<int>(millis));
    if (count < 0 && errno != EINTR) return fire(Reason::Parent);
    if (fds[0].revents != 0) return fire(Reason::ProcessEnded);
  }
}

}  // namespace farm::builders::steps
