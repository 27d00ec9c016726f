// Channel<T>: bounded queue between threads; its descriptor is readable while messages wait, so
// that a reactor can poll it beside its sockets. Any thread may send; one thread receives.
#pragma once

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "common/base/result.h"

namespace farm {

template <class T>
class Channel {
 public:
  explicit Channel(size_t capacity)
      : capacity_(capacity), fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FARM_CHECK(fd_ >= 0);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { ::close(fd_); }

  /// Waits while full. False when closed: the message is dropped.
  bool send(T message) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return closed_ || queue_.size() < capacity_; });
    return push(std::move(message));
  }
  /// False when full or closed.
  bool try_send(T message) {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= capacity_) return false;
    return push(std::move(message));
  }
  /// Never blocks.
  std::optional<T> receive() {
    const std::lock_guard lock(mutex_);
    return pop();
  }
  /// Blocks until a message comes or the channel is closed and empty.
  std::optional<T> wait() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [&] { return closed_ || !queue_.empty(); });
    return pop();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    signal();
    not_full_.notify_all();
    not_empty_.notify_all();
  }
  int fd() const { return fd_; }

 private:
  bool push(T message) {
    if (closed_) return false;
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) signal();
    not_empty_.notify_one();
    return true;
  }
  std::optional<T> pop() {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> message(std::move(queue_.front()));
    queue_.pop_front();
    if (queue_.empty() && !closed_) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = ::read(fd_, &count, sizeof count);
    }
    not_full_.notify_one();
    return message;
  }
  void signal() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);
  }

  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<T> queue_;
  size_t capacity_;
  int fd_;
  bool closed_ = false;
};

}  // namespace farm
