// ProxyConnection: one client of the adapter: key exchange, login, and its channels, each of which
// is a request to the bridge. Lives on one thread, its own.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "builders/provisioners/ansible/bridge.h"
#include "common/base/cancel.h"
#include "common/io/fd.h"

struct ssh_session_struct;
struct ssh_channel_struct;
struct ssh_key_struct;

namespace farm::builders::provisioner_ansible {

struct SshSessionFree {
  void operator()(ssh_session_struct* session) const noexcept;
};
using SshSession = std::unique_ptr<ssh_session_struct, SshSessionFree>;

/// What a connection needs to know of its server.
struct ClientRules {
  std::string user;
  ssh_key_struct* authorized_key = nullptr;  // owned by the proxy
  std::string sftp_command;
  std::string shell_command;
};

class ProxyConnection {
 public:
  /// `session` is accepted, its keys are not exchanged yet.
  ProxyConnection(SshSession session, const ClientRules& rules, Bridge& bridge);
  ~ProxyConnection();

  /// Serves until the client goes or `stop` fires.
  void run(const CancelToken& stop);

 private:
  struct Channel;
  struct Callbacks;  // what libssh calls
  friend struct Callbacks;

  void serve(const CancelToken& stop);
  enum class Moved { Nothing, Some };
  Moved move_data();
  Moved move_input(Channel& channel);
  Moved move_output(Channel& channel);
  Channel* find(const ssh_channel_struct* raw);
  int start(ssh_channel_struct* raw, const std::string& command);
  int start_shell(ssh_channel_struct* raw);
  std::shared_ptr<ChannelPipe> make_pipe() const;

  SshSession session_;
  const ClientRules& rules_;
  Bridge& bridge_;
  // Shared with the pipes: the bridge may still write after the connection has gone.
  std::shared_ptr<io::Fd> wake_;
  std::list<std::unique_ptr<Channel>> channels_;
  int refused_logins_ = 0;
};

}  // namespace farm::builders::provisioner_ansible
