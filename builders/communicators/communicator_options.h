// CommunicatorOptions: which way into a machine a source uses, and that way's options. Shared by
// all builders. Pure, so that farmctl and the coordinator validate with it.
#pragma once

#include <string>
#include <vector>

#include "builders/communicators/ssh/ssh_options.h"
#include "builders/core/component.h"

namespace farm::builders {

enum class CommunicatorType { Ssh, WinRm, None, Docker, DockerWindowsContainer };

struct WinRmOptions {
  std::string username;
  Secret password;
  std::string host;
  uint16_t port = 5985;
  Duration timeout = std::chrono::minutes(30);
  bool use_ssl = false;
  bool insecure = false;
  bool no_proxy = false;
  std::optional<bool> use_ntlm;
};

/// What differs between builders.
struct CommunicatorRules {
  CommunicatorType other = CommunicatorType::Ssh;  // when the template names none
  std::string default_username;                    // for ssh_username
  bool docker = false;                             // the builder offers the docker communicators
};

struct CommunicatorOptions {
  CommunicatorType type = CommunicatorType::Ssh;
  ssh::SshOptions ssh;
  WinRmOptions winrm;
  Duration pause_before_connecting{0};

  /// Collects everything that is wrong with the options of the chosen communicator.
  static CommunicatorOptions decode(const value::Value& config, const PrepareContext& context,
                                    const CommunicatorRules& rules, Findings& findings);
  /// ssh_host or winrm_host: where the user says the machine is; empty: the builder knows.
  const std::string& host() const;
  uint16_t port() const;
  const std::string& username() const;
};

/// "ssh", "winrm", "none", "docker", "dockerWindowsContainer".
const char* communicator_type_name(CommunicatorType type);

}  // namespace farm::builders
