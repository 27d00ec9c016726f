#include "agent/supervisor/packet.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace farm::agent {
namespace {

constexpr size_t kMaxPacket = 8 * 1024;
constexpr int kSendWaitMs = 5'000;

}  // namespace

Result<void> send_packet(int socket, std::string_view text, int descriptor) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  while (::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return unavailable("zygote socket is closed");
    if (errno != EAGAIN) return system_error("zygote socket", errno);
    pollfd waiter{socket, POLLOUT, 0};
    if (::poll(&waiter, 1, kSendWaitMs) == 0) return timed_out("zygote does not read");
  }
  return {};
}

Result<std::optional<Packet>> receive_packet(int socket) {
  Packet packet;
  packet.text.resize(kMaxPacket);
  iovec part{packet.text.data(), packet.text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return std::optional<Packet>();
    return system_error("zygote socket", errno);
  }
  if (got == 0) return unavailable("zygote socket is closed");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    packet.descriptor = io::Fd(descriptor);
  }
  packet.text.resize(static_cast<size_t>(got));
  return std::optional<Packet>(std::move(packet));
}

}  // namespace farm::agent
