// AgentForwarding: lends the user's ssh-agent to the commands of one session. libssh2 1.10 never
// answers the channels that a server opens for its own forwarding, so a listener of ours in the
// machine (agent_listener.h) takes the requests and a channel brings them here; the keys stay with
// the agent. Thread: the session's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "builders/communicators/ssh/agent_client.h"
#include "builders/communicators/ssh/channel.h"

namespace farm::builders::ssh {

class AgentForwarding {
 public:
  /// Starts the listener. NotFound: the machine has neither perl nor Python 3, or no shell that
  /// could start them. The session outlives the object.
  static Result<std::unique_ptr<AgentForwarding>> start(Session& session, std::string agent_socket,
                                                        const Wait& wait);

  /// `command` with SSH_AUTH_SOCK in its environment, in the language of the user's shell.
  std::string with_socket(const std::string& command) const;
  /// Answers what has come from the machine without waiting for more; asking the agent may take a
  /// while. True when something moved; an error means that forwarding is over.
  Result<bool> carry(const CancelToken& cancel);
  /// Sends what it can of an answer that waits for room: other channels may only be closed after
  /// has_output() is false.
  Result<bool> flush();
  bool has_output() const { return !output_.empty(); }

 private:
  AgentForwarding(Channel channel, std::string agent_socket)
      : channel_(std::move(channel)), agent_socket_(std::move(agent_socket)) {}
  Result<std::string> read_line(const Wait& wait);
  Result<void> await_socket(const Wait& wait);
  Result<bool> answer_next(const CancelToken& cancel);
  std::string ask(uint32_t connection, std::string_view request, const CancelToken& cancel);

  Channel channel_;
  std::string agent_socket_;
  std::string socket_;  // in the machine
  bool csh_ = false;
  std::string input_;
  std::string output_;
  // One connection to the agent for each in the machine: it keeps state by connection.
  std::map<uint32_t, AgentClient> agents_;
};

}  // namespace farm::builders::ssh
