#include "common/io/fd.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace farm::io {

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<void> Fd::close() {
  const int fd = release();
  if (fd < 0) return {};
  // After EINTR Linux has closed the descriptor already; a retry could close somebody else's.
  if (::close(fd) != 0 && errno != EINTR) return system_error("close", errno);
  return {};
}

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe", errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> open_file(const std::string& path, int flags, uint32_t mode) {
  while (true) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return Fd(fd);
    if (errno != EINTR) return system_error("open " + path, errno);
  }
}

Result<void> set_nonblocking(int fd, bool on) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return system_error("fcntl", errno);
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (::fcntl(fd, F_SETFL, wanted) != 0) return system_error("fcntl", errno);
  return {};
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error("write", errno);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<size_t> read_some(int fd, char* buffer, size_t capacity) {
  while (true) {
    const ssize_t got = ::read(fd, buffer, capacity);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return system_error("read", errno);
  }
}

Result<void> sync(int fd) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) return system_error("fsync", errno);
  }
  return {};
}

Readiness wait_ready(int fd, short events, Instant deadline, const CancelToken& cancel) {
  while (true) {
    if (cancel.cancelled()) return Readiness::Cancelled;
    const Duration left = deadline - steady_now();
    pollfd polled[2] = {{fd, events, 0}, {cancel.fd(), POLLIN, 0}};
    // Rounded up, so that the loop does not spin through the last millisecond.
    const int64_t millis = left.count() <= 0 ? 0 : left.count() / 1'000'000 + 1;
    // A token without descriptor is looked at every 100 ms instead.
    const int64_t cap = cancel.fd() < 0 ? 100 : INT_MAX;
    const int count = ::poll(polled, 2, static_cast<int>(std::min(millis, cap)));
    if (count > 0 && polled[0].revents != 0) return Readiness::Ready;
    if (count < 0 && errno != EINTR) return Readiness::Ready;  // let the read report it
    if (cancel.cancelled()) return Readiness::Cancelled;
    if (steady_now() >= deadline) return Readiness::Deadline;
  }
}

Instant steady_now() { return SystemClock().now(); }

}  // namespace farm::io
