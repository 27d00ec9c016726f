#include "builders/provisioners/ansible/channel_pipe.h"

#include <algorithm>
#include <cstring>

#include "builders/core/communicator.h"

namespace farm::builders::provisioner_ansible {
namespace {

constexpr size_t kInputLimit = 1U << 20;
constexpr size_t kOutputLimit = 1U << 20;

}  // namespace

size_t ChannelPipe::room() const {
  const std::lock_guard lock(mutex_);
  const size_t held = input_.size() - input_at_;
  return held >= kInputLimit ? 0 : kInputLimit - held;
}

void ChannelPipe::push_input(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    input_ += bytes;
  }
  changed_.notify_all();
}

void ChannelPipe::end_input() {
  {
    const std::lock_guard lock(mutex_);
    input_ended_ = true;
  }
  changed_.notify_all();
}

std::string ChannelPipe::take_output(PipeStream stream, size_t limit) {
  std::string taken;
  {
    const std::lock_guard lock(mutex_);
    std::string& from = queue(stream);
    if (from.size() <= limit) {
      taken.swap(from);
    } else {
      taken = from.substr(0, limit);
      from.erase(0, limit);
    }
  }
  if (!taken.empty()) changed_.notify_all();
  return taken;
}

std::optional<int> ChannelPipe::exit_status() const {
  const std::lock_guard lock(mutex_);
  if (!output_.empty() || !error_output_.empty()) return std::nullopt;
  return status_;
}

void ChannelPipe::abandon() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  cancel_.cancel();
  changed_.notify_all();
}

size_t ChannelPipe::take_input(char* buffer, size_t capacity) {
  const size_t count = std::min(capacity, input_.size() - input_at_);
  std::memcpy(buffer, input_.data() + input_at_, count);
  input_at_ += count;
  if (input_at_ == input_.size()) {
    input_.clear();
    input_at_ = 0;
  }
  return count;
}

size_t ChannelPipe::read_now(char* buffer, size_t capacity) {
  size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = take_input(buffer, capacity);
    if (count == 0) return input_ended_ || abandoned_ ? 0 : kNoInputYet;
  }
  wake_();
  return count;
}

Result<size_t> ChannelPipe::read(char* buffer, size_t capacity) {
  size_t count = 0;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return input_at_ < input_.size() || input_ended_ || abandoned_; });
    if (abandoned_) return cancelled("the client has closed the channel");
    count = take_input(buffer, capacity);
  }
  wake_();
  return count;
}

void ChannelPipe::write(PipeStream stream, std::string_view bytes) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue(stream).size() < kOutputLimit || abandoned_; });
    if (abandoned_) return;
    queue(stream) += bytes;
  }
  wake_();
}

void ChannelPipe::finish(int status) {
  {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  wake_();
}

}  // namespace farm::builders::provisioner_ansible
