// The guest's half of the scp protocol, served by the adapter itself: files pass through a
// temporary file here and the communicator's own transfers, so that scp works with guests that have
// no scp.
#pragma once

#include <optional>
#include <string>

#include "builders/core/build_context.h"
#include "builders/provisioners/ansible/channel_pipe.h"
#include "builders/staging/guest_os.h"

namespace farm::builders::provisioner_ansible {

struct ScpCommand {
  bool receive = false;    // -t: the client uploads
  bool recursive = false;  // -r
  bool directory = false;  // -d: the path must be a folder
  std::string path;
};

/// The command line an scp client asks the server for ("scp -v -t -- '/a b'"); empty when `command`
/// is anything else.
std::optional<ScpCommand> parse_scp_command(const std::string& command);

/// Speaks the protocol over `pipe` to its end: the exit status for the client.
int serve_scp(const ScpCommand& command, staging::GuestOs os, BuildContext& context,
              ChannelPipe& pipe);

}  // namespace farm::builders::provisioner_ansible
