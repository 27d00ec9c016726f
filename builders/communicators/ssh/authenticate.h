// Logging in: tries, in Packer's order, the agent's keys, private keys (with their certificates),
// the password, and the password as answer to every keyboard-interactive question.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/communicators/ssh/certificate.h"
#include "builders/communicators/ssh/private_key.h"
#include "builders/communicators/ssh/session.h"
#include "common/base/secret.h"

namespace farm::builders::ssh {

struct KeyCredential {
  // Shared by the copies of Credentials that every reconnect and the bastion keep.
  std::shared_ptr<const PrivateKey> key;
  std::optional<Certificate> certificate;
};

struct Credentials {
  std::string user;
  std::optional<Secret> password;
  bool password_method = true;
  bool keyboard_interactive = true;
  std::vector<KeyCredential> keys;
  /// SSH_AUTH_SOCK; empty: no agent.
  std::string agent_socket;
};

/// Denied: the server took none of it (the message lists the methods tried). Other codes: the
/// connection failed, time was over, cancelled.
Result<void> authenticate(Session& session, const Credentials& credentials, const Wait& wait);

}  // namespace farm::builders::ssh
