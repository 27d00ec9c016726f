// SshOptions: every ssh_* option of a template, decoded and checked. Pure: knows no libssh2, so
// that farmctl and the coordinator validate with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "builders/core/component.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

namespace farm::builders::ssh {

enum class TransferMethod { Scp, Sftp };

struct Tunnel {
  uint16_t listen_port = 0;
  std::string host;
  uint16_t port = 0;
  /// "PORT:HOST:PORT"; a host with colons is in brackets.
  static Result<Tunnel> parse(const std::string& text);
};

struct BastionOptions {
  std::string host;  // empty: none
  uint16_t port = 22;
  std::string username;
  std::optional<Secret> password;
  bool agent_auth = false;
  bool interactive = false;
  std::string private_key_file;
  std::string certificate_file;
};

struct ProxyOptions {
  std::string host;  // empty: none
  uint16_t port = 1080;
  std::string username;
  Secret password;
};

struct SshOptions {
  std::string host;
  uint16_t port = 22;
  std::string username;
  std::optional<Secret> password;
  std::string keypair_name;
  std::string temporary_key_pair_name;
  std::string temporary_key_pair_type = "rsa";
  int64_t temporary_key_pair_bits = 0;  // 0: the type's default
  std::vector<std::string> ciphers;
  std::vector<std::string> key_exchange_algorithms;
  bool clear_authorized_keys = false;
  std::string private_key_file;  // absolute
  std::string certificate_file;
  /// Keys that a builder made or was given in memory (PEM or OpenSSH format).
  Secret private_key;
  std::string public_key;
  bool pty = false;
  Duration timeout{0};             // 0: unlimited
  int64_t handshake_attempts = 0;  // 0: unlimited
  bool agent_auth = false;
  std::string agent_socket;  // SSH_AUTH_SOCK where this was decoded
  bool disable_agent_forwarding = false;
  BastionOptions bastion;
  TransferMethod transfer_method = TransferMethod::Scp;
  ProxyOptions proxy;
  Duration keep_alive_interval = std::chrono::seconds(5);  // 0: none
  Duration read_write_timeout{0};                          // 0: unlimited
  std::vector<Tunnel> remote_tunnels;
  std::vector<Tunnel> local_tunnels;
  Duration pause_before_connecting{0};

  /// Adds whole sentences to `findings` for everything that is wrong.
  static SshOptions decode(const value::Value& config, const PrepareContext& context,
                           Findings& findings);
  /// Neither password, key nor agent is given: the builder makes a key pair for this build.
  bool needs_temporary_key() const;
};

}  // namespace farm::builders::ssh
