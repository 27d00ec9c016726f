#include "agent/spool/control_channel.h"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace farm::agent {
namespace {

constexpr size_t kMaxMessage = 8 * 1024;

bool known(char kind) { return kind == 'w' || kind == '?' || kind == '='; }

}  // namespace

Result<std::pair<ControlChannel, ControlChannel>> ControlChannel::pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return system_error("socketpair", errno);
  }
  return std::pair(ControlChannel(io::Fd(ends[0])), ControlChannel(io::Fd(ends[1])));
}

Result<void> ControlChannel::send(const ControlMessage& message) {
  std::string bytes(1, static_cast<char>(message.kind));
  bytes += std::string_view(message.text).substr(0, kMaxMessage - 1);
  if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return {};
  if (errno == EAGAIN && message.kind == ControlMessage::Kind::Wake) return {};
  return system_error("control channel", errno);
}

Result<std::optional<ControlMessage>> ControlChannel::receive() {
  std::string bytes(kMaxMessage, '\0');
  const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return std::optional<ControlMessage>();
    return system_error("control channel", errno);
  }
  if (got == 0) return unavailable("control channel: the other end is closed");
  bytes.resize(static_cast<size_t>(got));
  if (!known(bytes[0])) return corrupt("control channel: unknown message");
  return std::optional(ControlMessage{static_cast<ControlMessage::Kind>(bytes[0]),
                                      bytes.substr(1)});
}

Result<std::string> ControlChannel::ask(const std::string& prompt, const CancelToken& cancel) {
  TRY(send({ControlMessage::Kind::Prompt, prompt}));
  while (true) {
    // A person may think for as long as they like; the limit is cancellation.
    const Instant deadline = io::steady_now() + std::chrono::hours(24 * 365);
    if (io::wait_ready(fd_.get(), POLLIN, deadline, cancel) == io::Readiness::Cancelled) {
      return cancelled("Build was cancelled.");
    }
    const std::optional<ControlMessage> message = TRY(receive());
    if (message && message->kind == ControlMessage::Kind::Answer) return message->text;
  }
}

}  // namespace farm::agent
