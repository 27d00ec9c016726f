#include "builders/communicators/ssh/agent_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "builders/communicators/ssh/wire.h"

namespace farm::builders::ssh {
namespace {

// draft-miller-ssh-agent, sections 5.1 and 5.3.
constexpr uint8_t kRequestIdentities = 11;
constexpr uint8_t kIdentitiesAnswer = 12;
constexpr uint8_t kSignRequest = 13;
constexpr uint8_t kSignResponse = 14;
constexpr uint32_t kRsaSha256 = 2;
constexpr uint32_t kRsaSha512 = 4;
constexpr uint32_t kMaxAnswer = 256U << 10;

}  // namespace

Result<AgentClient> AgentClient::connect(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    return invalid_input("SSH_AUTH_SOCK: the path is too long");
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  io::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return system_error("socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("Error connecting to SSH agent at " + socket_path, errno);
  }
  return AgentClient(std::move(socket));
}

Result<void> AgentClient::read_exactly(char* buffer, size_t count, Instant deadline,
                                       const CancelToken& cancel) {
  size_t done = 0;
  while (done < count) {
    switch (io::wait_ready(socket_.get(), POLLIN, deadline, cancel)) {
      case io::Readiness::Ready:
        break;
      case io::Readiness::Deadline:
        return timed_out("the SSH agent does not answer");
      case io::Readiness::Cancelled:
        return cancelled("cancelled");
    }
    const size_t got = TRY(io::read_some(socket_.get(), buffer + done, count - done));
    if (got == 0) return unavailable("the SSH agent closed the connection");
    done += got;
  }
  return {};
}

Result<std::string> AgentClient::ask(const std::string& request, Instant deadline,
                                     const CancelToken& cancel) {
  TRY(io::write_all(socket_.get(), WireWriter().string(request).bytes()));
  char head[4];
  TRY(read_exactly(head, sizeof head, deadline, cancel));
  const uint32_t length = WireReader(std::string_view(head, sizeof head)).u32();
  if (length == 0 || length > kMaxAnswer) return corrupt("the SSH agent's answer has no sane size");
  std::string answer(length, '\0');
  TRY(read_exactly(answer.data(), answer.size(), deadline, cancel));
  return answer;
}

Result<std::vector<AgentIdentity>> AgentClient::identities(Instant deadline,
                                                           const CancelToken& cancel) {
  const std::string answer =
      TRY(ask(WireWriter().byte(kRequestIdentities).bytes(), deadline, cancel));
  WireReader in(answer);
  if (in.byte() != kIdentitiesAnswer) return unavailable("the SSH agent gives no list of keys");
  std::vector<AgentIdentity> found;
  for (uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    AgentIdentity identity;
    identity.blob = in.string();
    identity.comment = in.string();
    if (in.ok()) found.push_back(std::move(identity));
  }
  if (!in.ok()) return corrupt("the SSH agent's list of keys is damaged");
  return found;
}

Result<std::string> AgentClient::sign(const std::string& blob, std::string_view algorithm,
                                      std::string_view data, Instant deadline,
                                      const CancelToken& cancel) {
  const uint32_t flags = algorithm == "rsa-sha2-512"   ? kRsaSha512
                         : algorithm == "rsa-sha2-256" ? kRsaSha256
                                                       : 0;
  const std::string answer =
      TRY(ask(WireWriter().byte(kSignRequest).string(blob).string(data).u32(flags).bytes(),
              deadline, cancel));
  WireReader in(answer);
  if (in.byte() != kSignResponse) return denied("the SSH agent refuses to sign with this key");
  WireReader signature(in.string());
  const std::string_view used = signature.string();
  const std::string_view bytes = signature.string();
  if (!in.ok() || !signature.ok()) return corrupt("the SSH agent's signature is damaged");
  if (used != algorithm) {
    return unavailable("the SSH agent signs with " + std::string(used) + " where " +
                       std::string(algorithm) + " was asked for");
  }
  return std::string(bytes);
}

}  // namespace farm::builders::ssh
