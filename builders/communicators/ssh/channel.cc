#include "builders/communicators/ssh/channel.h"

#include <libssh2.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "builders/core/communicator.h"

namespace farm::builders::ssh {
namespace {

// The server stops sending when this much is unread: large enough for 1 GB/s at 8 ms.
constexpr unsigned kWindow = 8U << 20;
// What RFC 4253 section 6.1 obliges every peer to take.
constexpr unsigned kPacket = 32768;
// For an orderly close of something nobody waits for.
constexpr auto kCloseTime = std::chrono::milliseconds(500);
// Of error output that nobody reads yet: enough to explain a failure.
constexpr size_t kHeldErrors = 64U << 10;

/// The library's answer when a packet of another channel is half sent: that call must go on first.
/// (A read sends too: more window for the peer.)
bool busy(long code) {
  return code == LIBSSH2_ERROR_BAD_USE;
}

}  // namespace

Result<Channel> Channel::open_command(Session& session, const Wait& wait) {
  LIBSSH2_CHANNEL* channel = nullptr;
  TRY(session.require(
      "ssh: open a session",
      [&]() -> long {
        channel =
            libssh2_channel_open_ex(session.raw(), "session", 7, kWindow, kPacket, nullptr, 0);
        return channel ? 0 : libssh2_session_last_errno(session.raw());
      },
      wait));
  Channel opened(session, channel);
  opened.number_ = session.memory().last_confirmed();
  return opened;
}

Result<Channel> Channel::open_forward(Session& session, const std::string& host, uint16_t port,
                                      const Wait& wait) {
  LIBSSH2_CHANNEL* channel = nullptr;
  TRY(session.require(
      "ssh: open a forwarded connection",
      [&]() -> long {
        channel =
            libssh2_channel_direct_tcpip_ex(session.raw(), host.c_str(), port, "127.0.0.1", 0);
        return channel ? 0 : libssh2_session_last_errno(session.raw());
      },
      wait));
  return Channel(session, channel);
}

Channel::Channel(Channel&& other) noexcept
    : session_(other.session_),
      channel_(std::exchange(other.channel_, nullptr)),
      number_(other.number_),
      held_errors_(std::move(other.held_errors_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  if (this != &other) {
    close();
    session_ = other.session_;
    channel_ = std::exchange(other.channel_, nullptr);
    number_ = other.number_;
    held_errors_ = std::move(other.held_errors_);
  }
  return *this;
}

Channel::~Channel() {
  close();
}

void Channel::close() noexcept {
  if (!channel_) return;
  const CancelToken never;
  const Wait soon{never, io::steady_now() + kCloseTime};
  // The first free() sends the close; what is left after the time goes with the session.
  static_cast<void>(
      session_->until_done([&] { return libssh2_channel_free(channel_); }, soon).has_value());
  channel_ = nullptr;
}

Result<void> Channel::request_pty(const Wait& wait) {
  // The type of terminal and size that users know from Packer's xterm.
  TRY(session_->require(
      "ssh_pty: the server gives no terminal",
      [&] {
        return libssh2_channel_request_pty_ex(channel_, "xterm", 5, nullptr, 0, 80, 40, 0, 0);
      },
      wait));
  return {};
}

Result<void> Channel::exec(const std::string& command, const Wait& wait) {
  session_->memory().forget_exit_status(number_);
  TRY(session_->require(
      "ssh: start the command",
      [&] {
        return libssh2_channel_process_startup(channel_, "exec", 4, command.data(),
                                               static_cast<unsigned>(command.size()));
      },
      wait));
  return {};
}

Result<void> Channel::subsystem(const std::string& name, const Wait& wait) {
  TRY(session_->require(
      "ssh: start the subsystem",
      [&] {
        return libssh2_channel_process_startup(channel_, "subsystem", 9, name.data(),
                                               static_cast<unsigned>(name.size()));
      },
      wait));
  return {};
}

Result<Transfer> Channel::try_read(ChannelStream stream, char* buffer, size_t capacity) {
  if (stream == ChannelStream::ErrorOutput && !held_errors_.empty()) {
    const size_t count = std::min(capacity, held_errors_.size());
    std::copy_n(held_errors_.data(), count, buffer);
    held_errors_.erase(0, count);
    return Transfer{Moved::Some, count};
  }
  const long got = libssh2_channel_read_ex(channel_, static_cast<int>(stream), buffer, capacity);
  if (got > 0) return Transfer{Moved::Some, static_cast<size_t>(got)};
  if (got == 0) {
    return Transfer{libssh2_channel_eof(channel_) != 0 ? Moved::End : Moved::WouldBlock, 0};
  }
  if (got == LIBSSH2_ERROR_EAGAIN || busy(got)) return Transfer{Moved::WouldBlock, 0};
  session_->note(got);
  // The library calls a read after the peer's close an error.
  if (got == LIBSSH2_ERROR_CHANNEL_CLOSED) return Transfer{Moved::End, 0};
  return session_->error("ssh: read");
}

Result<Transfer> Channel::try_write(std::string_view bytes) {
  const long put = libssh2_channel_write_ex(channel_, 0, bytes.data(), bytes.size());
  if (put > 0) return Transfer{Moved::Some, static_cast<size_t>(put)};
  if (put == 0 || put == LIBSSH2_ERROR_EAGAIN || busy(put)) return Transfer{Moved::WouldBlock, 0};
  session_->note(put);
  if (put == LIBSSH2_ERROR_CHANNEL_CLOSED || put == LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
    return Transfer{Moved::End, 0};
  }
  return session_->error("ssh: write");
}

Result<size_t> Channel::read_some(char* buffer, size_t capacity, const Wait& wait) {
  for (;;) {
    const Transfer step = TRY(try_read(ChannelStream::Output, buffer, capacity));
    if (step.moved == Moved::Some) return step.count;
    if (step.moved == Moved::End) return size_t{0};
    if (!hold_errors()) TRY(session_->wait_ready(wait));
  }
}

bool Channel::hold_errors() {
  char buffer[4096];
  const long got = libssh2_channel_read_ex(
      channel_, static_cast<int>(ChannelStream::ErrorOutput), buffer, sizeof buffer);
  if (got <= 0) return false;
  if (held_errors_.size() < kHeldErrors) held_errors_.append(buffer, static_cast<size_t>(got));
  return true;
}

Result<void> Channel::read_exactly(char* buffer, size_t count, const Wait& wait) {
  size_t done = 0;
  while (done < count) {
    const size_t got = TRY(read_some(buffer + done, count - done, wait));
    if (got == 0) return unavailable("ssh: the other side ended the transfer early");
    done += got;
  }
  return {};
}

Result<void> Channel::write_all(std::string_view bytes, const Wait& wait) {
  while (!bytes.empty()) {
    const Transfer step = TRY(try_write(bytes));
    if (step.moved == Moved::End) {
      return unavailable("ssh: the other side ended the transfer early");
    }
    if (step.moved == Moved::WouldBlock) {
      // Without window nothing can be sent; if the peer has gone for good none will come.
      if (at_end()) return unavailable("ssh: the other side ended the transfer early");
      TRY(session_->wait_ready(wait));
      continue;
    }
    bytes.remove_prefix(step.count);
  }
  return {};
}

Result<void> Channel::send_end(const Wait& wait) {
  TRY(session_->require(
      "ssh: end of input", [&] { return libssh2_channel_send_eof(channel_); }, wait));
  return {};
}

bool Channel::at_end() const {
  return libssh2_channel_eof(channel_) != 0;
}

Result<int> Channel::finish(const Wait& wait) {
  const auto closing = session_->until_done([&] { return libssh2_channel_close(channel_); }, wait);
  if (!closing) {
    if (closing.error().code == ErrorCode::Cancelled || !session_->lost()) return closing.error();
    return kDisconnected;
  }
  if (session_->lost()) return kDisconnected;
  return exit_code();
}

int Channel::exit_code() const {
  char* name = nullptr;
  size_t length = 0;
  if (libssh2_channel_get_exit_signal(channel_, &name, &length, nullptr, nullptr, nullptr,
                                      nullptr) == 0 &&
      name) {
    const int number = signal_number(std::string_view(name, length));
    libssh2_free(session_->raw(), name);
    return 128 + number;
  }
  if (!session_->memory().exit_status_seen(number_)) return kDisconnected;
  return libssh2_channel_get_exit_status(channel_);
}

int signal_number(std::string_view name) {
  struct Named {
    std::string_view name;
    int number;
  };
  constexpr Named kSignals[] = {
      {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},   {"ILL", SIGILL},
      {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
      {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
  for (const Named& known : kSignals) {
    if (known.name == name) return known.number;
  }
  return 0;
}

}  // namespace farm::builders::ssh
