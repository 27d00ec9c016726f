// AgentClient: talks to the user's ssh-agent over its Unix socket: which keys it holds, and
// signatures by them. RSA is signed with SHA-2, which libssh2 1.10's own agent code cannot ask for.
#pragma once

#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::builders::ssh {

struct AgentIdentity {
  std::string blob;  // public key or certificate
  std::string comment;
};

class AgentClient {
 public:
  /// `socket_path` is SSH_AUTH_SOCK's value.
  static Result<AgentClient> connect(const std::string& socket_path);

  Result<std::vector<AgentIdentity>> identities(Instant deadline, const CancelToken& cancel);
  /// Signature bytes without the algorithm name.
  Result<std::string> sign(const std::string& blob, std::string_view algorithm,
                           std::string_view data, Instant deadline, const CancelToken& cancel);
  /// The answer to any message of the agent protocol, both without their lengths.
  Result<std::string> ask(const std::string& request, Instant deadline, const CancelToken& cancel);

 private:
  explicit AgentClient(io::Fd socket) : socket_(std::move(socket)) {}
  Result<void> read_exactly(char* buffer, size_t count, Instant deadline,
                            const CancelToken& cancel);
  io::Fd socket_;
};

}  // namespace farm::builders::ssh
