// SshProxy: the adapter: an SSH server on a loopback port of the machine that runs the build.
// Whoever holds the right key may run commands on the guest through it, whatever the build's
// communicator is. The only user of libssh; everything of the library stays inside ssh_proxy.cc and
// proxy_connection.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "builders/provisioners/ansible/bridge.h"
#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders::provisioner_ansible {

struct ProxySettings {
  std::string user;
  /// Line of authorized_keys: the one key that may log in.
  std::string authorized_key;
  /// Private keys of the server, one per type at most.
  std::vector<std::string> host_keys;
  /// What the sftp subsystem runs on the guest.
  std::string sftp_command;
  /// What a login without a command runs on the guest, its input the client's; empty: refused.
  std::string shell_command;
  uint16_t port = 0;  // 0: any; else this or one of the next nine
};

class SshProxy {
 public:
  /// Listens and serves from threads of its own until the object goes. `bridge` and `build_cancel`
  /// must outlive it; when the build is cancelled, so is what runs on the guest.
  static Result<std::unique_ptr<SshProxy>> start(const ProxySettings& settings, Bridge& bridge,
                                                 const CancelToken& build_cancel);
  ~SshProxy();
  SshProxy(const SshProxy&) = delete;
  SshProxy& operator=(const SshProxy&) = delete;

  uint16_t port() const;

 private:
  struct State;
  explicit SshProxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm::builders::provisioner_ansible
