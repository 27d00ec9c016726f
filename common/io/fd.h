// Fd: an owned file descriptor, and the few whole-buffer reads and writes over one. Everything that
// opens something in this program ends up here, so that no error path leaks a descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::io {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() noexcept;
  /// Closes and says whether the kernel reported a late write error.
  Result<void> close();

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};
/// Both ends are close-on-exec.
Result<Pipe> make_pipe();

/// open(2) with O_CLOEXEC; `what` of the error names the path.
Result<Fd> open_file(const std::string& path, int flags, uint32_t mode = 0666);
Result<void> set_nonblocking(int fd, bool on);
/// Writes all bytes to a blocking descriptor; retries after EINTR and short writes.
Result<void> write_all(int fd, std::string_view bytes);
/// At most `capacity` bytes; 0 at the end of the file. Retries after EINTR.
Result<size_t> read_some(int fd, char* buffer, size_t capacity);
/// fsync(2).
Result<void> sync(int fd);

enum class Readiness { Ready, Deadline, Cancelled };
/// Waits until `fd` has one of poll's `events` (or an error or hang-up), the deadline passes or
/// `cancel` fires. `deadline` is on SystemClock's steady clock.
Readiness wait_ready(int fd, short events, Instant deadline, const CancelToken& cancel);

/// SystemClock's steady time, for deadlines of real waits in this layer.
Instant steady_now();

}  // namespace farm::io
