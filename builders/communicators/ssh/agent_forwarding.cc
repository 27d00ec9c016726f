#include "builders/communicators/ssh/agent_forwarding.h"

#include <algorithm>
#include <vector>

#include "builders/communicators/ssh/agent_listener.h"
#include "builders/communicators/ssh/wire.h"
#include "common/base/log.h"

namespace farm::builders::ssh {
namespace {

constexpr size_t kHeader = 8;
// As ssh-agent's own limit.
constexpr size_t kMaxMessage = 256U << 10;
// Open connections at once: a machine must not use up our descriptors.
constexpr size_t kMaxAgents = 64;
// Before the listener's words: what the rc files of a login shell print.
constexpr size_t kMaxChatter = 64U << 10;
// The agent may ask its user for every signature.
constexpr std::chrono::minutes kAgentTime{2};
// draft-miller-ssh-agent, section 5.4: SSH_AGENT_FAILURE.
constexpr std::string_view kFailure("\x05", 1);

/// As a word of a POSIX shell and of csh; paths of ours have no other characters to care for.
std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

}  // namespace

Result<std::unique_ptr<AgentForwarding>> AgentForwarding::start(Session& session,
                                                                std::string agent_socket,
                                                                const Wait& wait) {
  Channel channel = TRY(Channel::open_command(session, wait));
  TRY(channel.exec(listener_command(), wait));
  std::unique_ptr<AgentForwarding> made(
      new AgentForwarding(std::move(channel), std::move(agent_socket)));
  for (;;) {
    const std::string word = TRY(made->read_line(wait));
    if (word == kNothingWord) return not_found("the machine has neither perl nor python3");
    const bool perl = word == kPerlWord;
    if (!perl && word != kPythonWord) continue;
    const AgentListener kind = perl ? AgentListener::Perl : AgentListener::Python;
    TRY(made->channel_.write_all(listener_program(kind), wait));
    break;
  }
  TRY(made->await_socket(wait));
  return made;
}

Result<std::string> AgentForwarding::read_line(const Wait& wait) {
  size_t end = 0;
  while ((end = input_.find('\n')) == std::string::npos) {
    char buffer[4096];
    const size_t got = TRY(channel_.read_some(buffer, sizeof buffer, wait));
    if (got == 0 || input_.size() > kMaxChatter) {
      return not_found("the machine has no shell that could start its side");
    }
    input_.append(buffer, got);
  }
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

Result<void> AgentForwarding::await_socket(const Wait& wait) {
  std::string line;
  while (!line.starts_with(kSocketWord)) line = TRY(read_line(wait));
  line.erase(0, kSocketWord.size());
  const size_t tab = line.find('\t');
  socket_ = line.substr(0, tab);
  csh_ = tab != std::string::npos && line.ends_with("csh");
  if (socket_.find('\'') != std::string::npos) return not_found("its socket has an odd path");
  return {};
}

std::string AgentForwarding::with_socket(const std::string& command) const {
  return (csh_ ? "setenv SSH_AUTH_SOCK " : "export SSH_AUTH_SOCK=") + quoted(socket_) + "; " +
         command;
}

Result<bool> AgentForwarding::flush() {
  if (output_.empty()) return false;
  const Transfer put = TRY(channel_.try_write(output_));
  if (put.moved == Moved::End) return unavailable("the listener in the machine ended");
  output_.erase(0, put.count);
  return put.moved == Moved::Some;
}

Result<bool> AgentForwarding::carry(const CancelToken& cancel) {
  bool moved = TRY(flush());
  // One answer after the other: the machine cannot make us hold more than one.
  if (has_output()) return moved;
  char buffer[4096];
  const Transfer got = TRY(channel_.try_read(ChannelStream::Output, buffer, sizeof buffer));
  if (got.moved == Moved::End) return unavailable("the listener in the machine ended");
  if (got.moved == Moved::Some) {
    input_.append(buffer, got.count);
    moved = true;
  }
  while (output_.empty() && TRY(answer_next(cancel))) moved = true;
  return moved;
}

Result<bool> AgentForwarding::answer_next(const CancelToken& cancel) {
  if (input_.size() < kHeader) return false;
  WireReader header(input_);
  const uint32_t connection = header.u32();
  const size_t size = header.u32();
  if (size > kMaxMessage) return corrupt("the machine's request to the agent has no sane size");
  if (input_.size() < kHeader + size) return false;
  const std::string request = input_.substr(kHeader, size);
  input_.erase(0, kHeader + size);
  if (request.empty()) {
    agents_.erase(connection);
    return true;
  }
  output_ = WireWriter().u32(connection).string(ask(connection, request, cancel)).bytes();
  return true;
}

std::string AgentForwarding::ask(uint32_t connection, std::string_view request,
                                 const CancelToken& cancel) {
  auto agent = agents_.find(connection);
  if (agent == agents_.end()) {
    if (agents_.size() >= kMaxAgents) return std::string(kFailure);
    auto connected = AgentClient::connect(agent_socket_);
    if (!connected) {
      log::warn("ssh agent forwarding", {{"error", connected.error().message}});
      return std::string(kFailure);
    }
    agent = agents_.emplace(connection, std::move(*connected)).first;
  }
  auto answer = agent->second.ask(std::string(request), io::steady_now() + kAgentTime, cancel);
  if (answer) return std::move(*answer);
  log::warn("ssh agent forwarding", {{"error", answer.error().message}});
  agents_.erase(agent);
  return std::string(kFailure);
}

}  // namespace farm::builders::ssh
